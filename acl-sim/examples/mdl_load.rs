use std::time::Instant;
fn status(key: &str) -> u64 {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    s.lines()
        .find(|l| l.starts_with(key))
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}
fn main() {
    let api = ascendcl::api();
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap();
    let mem = args.next().is_some();
    let size = std::fs::metadata(&path).unwrap().len();
    unsafe {
        assert_eq!(api.aclInit.unwrap()(std::ptr::null()), 0);
        assert_eq!(api.aclrtSetDevice.unwrap()(0), 0);
        let before = status("VmHWM");
        let c = std::ffi::CString::new(path.clone()).unwrap();
        let mut id = 0;
        let bytes = if mem {
            std::fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        let t = Instant::now();
        let code = if mem {
            api.aclmdlLoadFromMem.unwrap()(bytes.as_ptr().cast(), bytes.len(), &mut id)
        } else {
            api.aclmdlLoadFromFile.unwrap()(c.as_ptr(), &mut id)
        };
        let took = t.elapsed();
        assert_eq!(code, 0);
        println!(
            "file {:.1} MB; load {:.0} ms; peak before {} MB, peak {} MB, now {} MB; peak/file {:.2}",
            size as f64 / 1e6,
            took.as_secs_f64() * 1e3,
            before / 1024,
            status("VmHWM") / 1024,
            status("VmRSS") / 1024,
            status("VmHWM") as f64 * 1024.0 / size as f64
        );
        if !mem {
            let n = 3 * 384 * 128 * 4usize;
            let (mut x, mut y) = (std::ptr::null_mut(), std::ptr::null_mut());
            let desc = api.aclmdlCreateDesc.unwrap()();
            api.aclmdlGetDesc.unwrap()(desc, id);
            let out = api.aclmdlGetOutputSizeByIndex.unwrap()(desc, 0);
            let p = acl_sys::aclrtMemMallocPolicy::ACL_MEM_MALLOC_HUGE_FIRST;
            api.aclrtMalloc.unwrap()(&mut x, n, p);
            api.aclrtMalloc.unwrap()(&mut y, out, p);
            let (i, o) = (
                api.aclmdlCreateDataset.unwrap()(),
                api.aclmdlCreateDataset.unwrap()(),
            );
            api.aclmdlAddDatasetBuffer.unwrap()(i, api.aclCreateDataBuffer.unwrap()(x, n));
            api.aclmdlAddDatasetBuffer.unwrap()(o, api.aclCreateDataBuffer.unwrap()(y, out));
            let t = Instant::now();
            let code = api.aclmdlExecute.unwrap()(id, i, o);
            println!(
                "run {code}: {:.0} ms; peak {} MB, ratio {:.2}",
                t.elapsed().as_secs_f64() * 1e3,
                status("VmHWM") / 1024,
                status("VmHWM") as f64 * 1024.0 / size as f64
            );
        }
    }
}
