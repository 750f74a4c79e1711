//! `acl_op_compiler.h`, and the kernels of `acl_op.h`: operators are compiled by taking note of
//! them.

use std::ffi::{OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use acl_sys::{
    ACL_ERROR_INVALID_PARAM, ACL_ERROR_WRITE_FILE, aclCompileOpt, aclDataBuffer,
    aclDataDeallocator, aclGraphDumpOption, aclOpCompileFlag, aclTensorDesc, aclopAttr,
    aclopCompileFunc, aclopCompileType, aclopEngineType, aclopKernelDesc, aclrtStream,
};

use super::op::{Given, descs, tensors};
use super::op_attr::number;
use super::{getter, lossy, require, slice, status, text};
use crate::machine::failure::{Failure, Result, fail};
use crate::machine::handle::Handle;
use crate::machine::op::registry::Release;
use crate::machine::op::{self, Call, attr, registry};
use crate::machine::process;

status! {
    fn aclopCompile(
        op: *const c_char,
        input_count: c_int,
        inputs: *const *const aclTensorDesc,
        output_count: c_int,
        outputs: *const *const aclTensorDesc,
        attr: *const aclopAttr,
        engine: aclopEngineType,
        kind: aclopCompileType,
        path: *const c_char,
    ) {
        process::require_init()?;
        check_kind(engine, kind, path)?;
        note(op, (input_count, inputs), (output_count, outputs), attr)
    }

    fn aclopCompileAndExecute(
        op: *const c_char,
        input_count: c_int,
        input_descs: *const *const aclTensorDesc,
        inputs: *const *const aclDataBuffer,
        output_count: c_int,
        output_descs: *const *const aclTensorDesc,
        outputs: *const *mut aclDataBuffer,
        attr: *const aclopAttr,
        engine: aclopEngineType,
        kind: aclopCompileType,
        path: *const c_char,
        stream: aclrtStream,
    ) {
        check_kind(engine, kind, path)?;
        let given = Given::new(
            op,
            (input_count, input_descs, inputs),
            (output_count, output_descs, outputs.cast()),
            attr,
        )?;
        given.compile()?;
        given.execute(false, stream)
    }

    fn aclopCompileAndExecuteV2(
        op: *const c_char,
        input_count: c_int,
        input_descs: *mut *mut aclTensorDesc,
        inputs: *mut *mut aclDataBuffer,
        output_count: c_int,
        output_descs: *mut *mut aclTensorDesc,
        outputs: *mut *mut aclDataBuffer,
        attr: *mut aclopAttr,
        engine: aclopEngineType,
        kind: aclopCompileType,
        path: *const c_char,
        stream: aclrtStream,
    ) {
        check_kind(engine, kind, path)?;
        let given = Given::new(
            op,
            (input_count, input_descs.cast_const().cast(), inputs.cast_const().cast()),
            (output_count, output_descs.cast_const().cast(), outputs.cast_const().cast()),
            attr,
        )?;
        given.compile()?;
        given.execute(true, stream)
    }

    fn aclopRegisterCompileFunc(op: *const c_char, function: aclopCompileFunc) {
        let op = lossy(text!(op)?);
        if function.is_none() {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the function is null"));
        }
        registry::register(&op, function)
    }

    fn aclopUnregisterCompileFunc(op: *const c_char) {
        registry::unregister(&lossy(text!(op)?))
    }

    fn aclopCreateKernel(
        op: *const c_char,
        id: *const c_char,
        name: *const c_char,
        data: *mut c_void,
        size: c_int,
        engine: aclopEngineType,
        release: aclDataDeallocator,
    ) {
        let (op, id) = (lossy(text!(op)?), lossy(text!(id)?));
        text!(name)?;
        require(data, "the kernel")?;
        let size = number(size)?;
        if size == 0 {
            return Err(fail!(ACL_ERROR_INVALID_PARAM, "the kernel has no bytes"));
        }
        check_engine(engine)?;
        let data = Binary(data);
        let release = release.map(|release| {
            let give_back = move || {
                let data: Binary = data;
                // SAFETY: the program gave the function for this memory, and it is called once.
                unsafe { release(data.0, size) };
            };
            Box::new(give_back) as Release
        });
        registry::add_kernel(&op, &id, release)
    }

    fn aclopUpdateParams(
        op: *const c_char,
        input_count: c_int,
        inputs: *const *const aclTensorDesc,
        output_count: c_int,
        outputs: *const *const aclTensorDesc,
        attr: *const aclopAttr,
    ) {
        let name = lossy(text!(op)?);
        let select = registry::selector(&name)?;
        tensors(&descs(number(input_count)?, inputs)?)?;
        tensors(&descs(number(output_count)?, outputs)?)?;
        attr::copy(Handle::from_ptr(attr))?;
        let choice = registry::begin_choice();
        let code = select.map_or(0, |select| {
            // SAFETY: the program registered the function for such calls; the arguments are those
            // that it gave, and a handle.
            unsafe { select(input_count, inputs, output_count, outputs, attr, choice.as_ptr()) }
        });
        let chosen = registry::end_choice(choice, &name);
        if code != 0 {
            return Err(Failure::new(code, "the function that selects the kernel failed"));
        }
        chosen?;
        note(op, (input_count, inputs), (output_count, outputs), attr)
    }

    fn aclopSetKernelArgs(
        kernel: *mut aclopKernelDesc,
        id: *const c_char,
        blocks: u32,
        args: *const c_void,
        size: u32,
    ) {
        let id = lossy(text!(id)?);
        if size != 0 {
            require(args, "the arguments")?;
        }
        registry::choose(Handle::from_ptr(kernel), &id, blocks)
    }

    fn aclopSetKernelWorkspaceSizes(
        kernel: *mut aclopKernelDesc,
        count: c_int,
        sizes: *mut usize,
    ) {
        registry::check_choice(Handle::from_ptr(kernel))?;
        let sizes: Result<&[usize]> = slice!(sizes.cast_const(), number(count)?);
        sizes.map(drop)
    }

    fn aclopSetCompileFlag(flag: aclOpCompileFlag) {
        process::require_init()?;
        if flag.0 > aclOpCompileFlag::ACL_OP_COMPILE_FUZZ.0 {
            return Err(fail!(
                ACL_ERROR_INVALID_PARAM,
                "the flag is {}, wanted 0 (exact) or 1 (fuzzy)",
                flag.0
            ));
        }
        Ok(())
    }

    fn aclSetCompileopt(option: aclCompileOpt, value: *const c_char) {
        registry::check_option(option, &lossy(text!(value)?))
    }

    fn aclDestroyGraphDumpOpt(options: *const aclGraphDumpOption) {
        registry::destroy_options(Handle::from_ptr(options))
    }

    fn aclGenGraphAndDumpForOp(
        op: *const c_char,
        input_count: c_int,
        input_descs: *const *const aclTensorDesc,
        inputs: *const *const aclDataBuffer,
        output_count: c_int,
        output_descs: *const *const aclTensorDesc,
        outputs: *const *mut aclDataBuffer,
        attr: *const aclopAttr,
        engine: aclopEngineType,
        path: *const c_char,
        options: *const aclGraphDumpOption,
    ) {
        process::require_init()?;
        check_engine(engine)?;
        let path = Path::new(OsStr::from_bytes(text!(path)?.to_bytes()));
        if !options.is_null() {
            registry::check_options(Handle::from_ptr(options))?;
        }
        let given = Given::new(
            op,
            (input_count, input_descs, inputs),
            (output_count, output_descs, outputs.cast()),
            attr,
        )?;
        let text = given.graph()?;
        std::fs::write(path, text).map_err(|error| {
            fail!(ACL_ERROR_WRITE_FILE, "{} could not be written: {error}", path.display())
        })
    }
}

getter! {
    fn aclCreateGraphDumpOpt() -> *mut aclGraphDumpOption, or std::ptr::null_mut(); {
        Ok(registry::create_options().as_ptr())
    }
}

/// A kernel, which belongs to the program until it is given back.
struct Binary(*mut c_void);

// SAFETY: the pointer is only handed back to the program, by whichever thread finalizes.
unsafe impl Send for Binary {}

fn check_engine(engine: aclopEngineType) -> Result<()> {
    if engine.0 > aclopEngineType::ACL_ENGINE_VECTOR.0 {
        return Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the engine is {}, wanted 0 (any), 1 (AI core) or 2 (vector)",
            engine.0
        ));
    }
    Ok(())
}

fn check_kind(engine: aclopEngineType, kind: aclopCompileType, path: *const c_char) -> Result<()> {
    check_engine(engine)?;
    match kind {
        aclopCompileType::ACL_COMPILE_SYS => Ok(()),
        aclopCompileType::ACL_COMPILE_UNREGISTERED => text!(path).map(drop),
        aclopCompileType(other) => Err(fail!(
            ACL_ERROR_INVALID_PARAM,
            "the kind of operator is {other}, wanted 0 (the system's) or 1 (unregistered)"
        )),
    }
}

type Descs = (c_int, *const *const aclTensorDesc);

/// Checks an operator and takes it as compiled.
fn note(
    op: *const c_char,
    (input_count, inputs): Descs,
    (output_count, outputs): Descs,
    attr: *const aclopAttr,
) -> Result<()> {
    let op = lossy(text!(op)?);
    let inputs = tensors(&descs(number(input_count)?, inputs)?)?;
    let outputs = tensors(&descs(number(output_count)?, outputs)?)?;
    let attributes = attr::copy(Handle::from_ptr(attr))?;
    let call = Call {
        op: &op,
        inputs: &inputs,
        outputs: &outputs,
        attributes: &attributes,
    };
    op::check(&call)?;
    registry::compiled(&call);
    Ok(())
}
