//! AscendCL does not let two threads run one model at once.
fn share(model: &acl::Model, mut bindings: acl::Bindings) {
    std::thread::scope(|scope| {
        scope.spawn(|| model.execute(&mut bindings));
    });
}

fn main() {}
