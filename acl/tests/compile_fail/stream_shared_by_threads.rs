//! Two threads that queue on one stream would have no order.
fn share(stream: &acl::Stream) {
    std::thread::scope(|scope| {
        scope.spawn(|| stream.synchronize());
    });
}

fn main() {}
