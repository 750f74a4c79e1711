//! What the names of fused kernels say.

/// The operators that such names are made of, as the names spell them; a longer one stands before its beginning.
const PARTS: [&str; 14] = [
    "conv2d_backprop_input_d",
    "conv2d",
    "mat_mul",
    "leaky_relu",
    "relu6",
    "relu",
    "sigmoid",
    "real_div",
    "tanh",
    "abs",
    "mul",
    "add",
    "sub",
    "exp",
];

/// Takes `te_fused_op_conv2d_relu_58fb4f61d6cfaa27_4__kernel0` apart; an unknown part ends the list with `?`.
pub(super) fn chain(kernel: &str) -> Option<Vec<&'static str>> {
    let mut rest = kernel.strip_prefix("te_fused_op_")?;
    let mut parts = Vec::new();
    loop {
        let token = rest.split('_').next().unwrap_or_default();
        // The hash of the kernel follows the last operator.
        if token.len() == 16 && token.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Some(parts);
        }
        let part = PARTS.into_iter().find(|part| {
            let behind = rest.strip_prefix(part);
            behind.is_some_and(|behind| behind.starts_with('_'))
        });
        let Some(part) = part else {
            parts.push("?");
            return Some(parts);
        };
        parts.push(part);
        rest = rest[part.len()..].trim_start_matches('_');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_real_kernels_are_taken_apart() {
        for (kernel, wanted) in [
            (
                "te_fused_op_conv2d_relu_58fb4f61d6cfaa27_4__kernel0",
                &["conv2d", "relu"][..],
            ),
            (
                "te_fused_op_conv2d_backprop_input_d_relu_f4111db6825f8dac_2d72__kernel0",
                &["conv2d_backprop_input_d", "relu"],
            ),
            (
                "te_fused_op_abs_mul_mul_add_2bd70059907934ee_2d722d672a9d6cb9_0__kernel0",
                &["abs", "mul", "mul", "add"],
            ),
            (
                "te_fused_op_mat_mul_relu6_58fb4f61d6cfaa27_3",
                &["mat_mul", "relu6"],
            ),
            (
                "te_fused_op_conv2d_quantise_58fb4f61d6cfaa27",
                &["conv2d", "?"],
            ),
        ] {
            assert_eq!(chain(kernel).as_deref(), Some(wanted), "{kernel}");
        }
        assert_eq!(chain("te_conv2d_e5340afd1c94cb7b_1__kernel0"), None);
    }
}
