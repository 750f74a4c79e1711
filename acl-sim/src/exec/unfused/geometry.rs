//! Strides, paddings and dilations of a convolution: from attributes, or from the shapes.

use super::assume::{Assumption, Assumptions};
use super::attributes::Operator;
use super::view::View;

/// One axis of a convolution. The sizes are those of the forward one: a transposed one turns them round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) kernel: usize,
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    /// Zeros before the first element; those behind follow from the sizes.
    pub(super) before: usize,
}

/// Sizes of one axis, all that a fused operator keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) kernel: usize,
    pub(super) input: usize,
    pub(super) output: usize,
}

/// How the framework pads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framework {
    TensorFlow,
    Other,
}

/// What assumptions are weighed against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) framework: Framework,
    pub(super) assumed: &'a Assumptions,
}

/// Largest stride, dilation and filter that are thought of; real networks stay far below.
const MOST: usize = 64;

/// Longest axis.
const LONGEST: usize = 1 << 24;

impl Sizes {
    /// Finds the first two ways to slide the filter that these sizes and `keep` allow: one is a solution, two are none.
    /// Ways that read the same elements count once.
    fn solutions(self, keep: impl Fn(&Axis) -> bool) -> Vec<Axis> {
        let Self {
            kernel,
            input,
            output,
        } = self;
        let dilations = if kernel > 1 { MOST } else { 1 };
        let strides = if output > 1 { MOST } else { 1 };
        let mut found = Vec::new();
        for dilation in 1..=dilations {
            let reach = dilation * (kernel - 1) + 1;
            for stride in 1..=strides {
                let used = (output - 1) * stride + reach;
                // Behind the last element lie fewer zeros than the filter reaches over, or elements that are not read:
                // fewer than a stride, or any number before a single window.
                let least = (used + 1).saturating_sub(input + reach);
                let most = if output == 1 {
                    reach
                } else {
                    (used + stride).saturating_sub(input).min(reach)
                };
                let axes = (least..most).map(|before| Axis {
                    kernel,
                    input,
                    output,
                    stride,
                    dilation,
                    before,
                });
                found.extend(axes.filter(&keep).take(2 - found.len()));
                if found.len() == 2 {
                    return found;
                }
            }
        }
        found
    }

    /// Finds the one way that the sizes and the stated assumptions leave.
    pub(super) fn solve(self, context: Context<'_>) -> Result<Axis, String> {
        let sides = [self.kernel, self.input, self.output];
        if sides.contains(&0) || self.kernel > MOST || sides.iter().any(|&side| side > LONGEST) {
            return Err(format!(
                "a filter of {} from {} to {} is beyond what is worked out",
                self.kernel, self.input, self.output
            ));
        }
        let no_dilation = context.assumed.hold(Assumption::Dilation1);
        let usual = context.assumed.hold(Assumption::UsualPadding);
        let left = self.solutions(|axis| {
            (!no_dilation || axis.dilation == 1) && (!usual || axis.is_usual(context.framework))
        });
        match left.as_slice() {
            [axis] => Ok(*axis),
            [] => Err(format!(
                "no stride and padding leads from {} to {} with a filter of {}{}",
                self.input,
                self.output,
                self.kernel,
                if no_dilation || usual {
                    " under what was assumed"
                } else {
                    ""
                }
            )),
            _ => Err(format!(
                "its stride, padding and dilation are lost, and several lead from {} to {} with a filter of {}{}",
                self.input,
                self.output,
                self.kernel,
                self.advice(context.framework)
            )),
        }
    }

    /// Says which assumptions would leave one way.
    fn advice(self, framework: Framework) -> String {
        let (dilation, padding) = (Assumption::Dilation1, Assumption::UsualPadding);
        let one = |left: Vec<Axis>| left.len() == 1;
        if one(self.solutions(|a| a.dilation == 1)) {
            format!(" (one with ACL_SIM_ASSUME={dilation})")
        } else if one(self.solutions(|a| a.is_usual(framework))) {
            format!(" (one with ACL_SIM_ASSUME={padding})")
        } else if one(self.solutions(|a| a.dilation == 1 && a.is_usual(framework))) {
            format!(" (one with ACL_SIM_ASSUME={dilation},{padding})")
        } else {
            String::new()
        }
    }
}

impl Axis {
    fn reach(&self) -> usize {
        self.dilation * (self.kernel - 1) + 1
    }

    /// Zeros behind the last element that the last window reaches.
    fn behind(&self) -> usize {
        ((self.output - 1) * self.stride + self.reach()).saturating_sub(self.input + self.before)
    }

    /// Whether the framework's own rules pad like this: SAME or VALID, or equally on both sides.
    fn is_usual(&self, framework: Framework) -> bool {
        match framework {
            Framework::TensorFlow => {
                let total =
                    ((self.output - 1) * self.stride + self.reach()).saturating_sub(self.input);
                let same =
                    self.output == self.input.div_ceil(self.stride) && self.before == total / 2;
                let valid = self.before == 0 && self.behind() == 0;
                same || valid
            }
            // What lies behind may be more than the last window reaches, up to a stride less one.
            Framework::Other => {
                let behind = self.behind();
                let fits = self.input + 2 * self.before >= self.reach()
                    && (self.input + 2 * self.before - self.reach()) / self.stride + 1
                        == self.output;
                behind <= self.before && fits
            }
        }
    }

    /// Whether the sizes are those that these strides and paddings lead to.
    fn is_sound(&self, behind: usize) -> bool {
        let padded = self.input + self.before + behind;
        self.stride > 0
            && self.dilation > 0
            && padded >= self.reach()
            && (padded - self.reach()) / self.stride + 1 == self.output
    }
}

/// Works out height and width of a convolution between two maps, given as height and width.
pub(super) fn axes(
    op: &Operator<'_>,
    filter: [usize; 2],
    input: [usize; 2],
    output: [usize; 2],
    context: Context<'_>,
) -> Result<[Axis; 2], String> {
    let sizes = [0, 1].map(|i| Sizes {
        kernel: filter[i],
        input: input[i],
        output: output[i],
    });
    let kept = op.attrs.ints("strides").is_some() && op.attrs.ints("pads").is_some();
    if op.is_fused() || !kept {
        return Ok([sizes[0].solve(context)?, sizes[1].solve(context)?]);
    }
    let format = op.attrs.text("data_format").unwrap_or_default();
    let place = |letter| format.find(letter).filter(|_| format.len() == 4);
    let (Some(h), Some(w)) = (place('H'), place('W')) else {
        return Err(format!(
            "its data_format is {format:?}, wanted NCHW or NHWC"
        ));
    };
    let strides = op.sizes("strides", 4)?;
    let dilations = op.sizes("dilations", 4)?;
    let pads = op.sizes("pads", 4)?;
    let all = strides.iter().chain(&dilations).chain(&pads);
    if all.chain(&filter).any(|&size| size > LONGEST) {
        return Err(format!(
            "strides {strides:?}, pads {pads:?} and dilations {dilations:?} are beyond any axis"
        ));
    }
    let mut out = Vec::new();
    for (i, at) in [h, w].into_iter().enumerate() {
        let axis = Axis {
            kernel: sizes[i].kernel,
            input: sizes[i].input,
            output: sizes[i].output,
            stride: strides[at],
            dilation: dilations[at],
            before: pads[2 * i],
        };
        if axis.kernel == 0 || !axis.is_sound(pads[2 * i + 1]) {
            return Err(format!(
                "strides {strides:?}, pads {pads:?} and dilations {dilations:?} do not lead from {} to {} with a filter of {}",
                axis.input, axis.output, axis.kernel
            ));
        }
        out.push(axis);
    }
    Ok([out[0], out[1]])
}

/// Height and width of a map or filter.
pub(super) fn height_and_width(view: &View) -> Result<[usize; 2], String> {
    let find = |letter| {
        let at = view
            .axes
            .find(letter)
            .filter(|_| view.dims.len() == view.axes.len());
        at.map(|at| view.dims[at])
    };
    match (find('H'), find('W')) {
        (Some(h), Some(w)) => Ok([h, w]),
        _ => Err(format!(
            "a tensor of axes {} and dims {:?} has no height and width",
            view.axes, view.dims
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn solve(
        kernel: usize,
        input: usize,
        output: usize,
        framework: Framework,
        assumed: &str,
    ) -> Result<Axis, String> {
        let assumed = Assumptions::parse(assumed).unwrap();
        let sizes = Sizes {
            kernel,
            input,
            output,
        };
        sizes.solve(Context {
            framework,
            assumed: &assumed,
        })
    }

    #[test]
    fn a_filter_of_one_needs_no_assumption() {
        let axis = solve(1, 30, 30, Framework::Other, "").unwrap();
        assert_eq!((axis.stride, axis.before), (1, 0));
    }

    #[test]
    fn an_ordinary_and_a_dilated_filter_look_alike_until_one_is_excluded() {
        let error = solve(3, 32, 32, Framework::Other, "").unwrap_err();
        assert!(error.contains("dilation-1,usual-padding"), "{error}");
        let axis = solve(3, 32, 32, Framework::Other, "dilation-1,usual-padding").unwrap();
        assert_eq!((axis.stride, axis.dilation, axis.before), (1, 1, 1));
    }

    #[test]
    fn tensorflow_puts_the_odd_zero_behind() {
        // 14 -> 7 with a filter of 5 and stride 2: three zeros, one before.
        let axis = solve(5, 14, 7, Framework::TensorFlow, "dilation-1,usual-padding").unwrap();
        assert_eq!((axis.stride, axis.before), (2, 1));
    }

    #[test]
    fn sizes_that_nothing_leads_to_are_said_to_be_so() {
        let error = solve(1, 4, 40, Framework::Other, "").unwrap_err();
        assert!(
            error.contains("no stride and padding leads from 4 to 40"),
            "{error}"
        );
    }
}
