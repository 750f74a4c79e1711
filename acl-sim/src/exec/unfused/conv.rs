//! Convolutions, forward and transposed, over maps in NHWC and filters in HWCN.

use super::attributes::Operator;
use super::elementwise::{self, Tail};
use super::geometry::{Axis, Context, axes, height_and_width};
use super::half_round::Overflow;
use super::plan::Kernel;
use super::value::{Data, Value};
use super::view::{View, ordered};

/// A convolution, worked out.
#[derive(Clone, Debug)]
struct Conv {
    axes: [Axis; 2],
    groups: usize,
    transposed: bool,
}

/// Plans `Conv2D` (x, filter, bias) and `Conv2DBackpropInputD` (filter, y), fused or not.
pub(super) fn plan(
    op: &Operator<'_>,
    context: Context<'_>,
    overflow: Overflow,
) -> Result<Kernel, String> {
    let transposed = op.kind == "Conv2DBackpropInputD";
    let (x, filter) = if transposed { (1, 0) } else { (0, 1) };
    let (map, filters, out) = (op.input(x)?, op.input(filter)?, op.output()?);
    let sizes = [map, out].map(height_and_width);
    let [have, made] = [sizes[0].clone()?, sizes[1].clone()?];
    // A transposed convolution is the forward one with its ends swapped.
    let (input, output) = if transposed {
        (made, have)
    } else {
        (have, made)
    };
    let axes = axes(op, height_and_width(filters)?, input, output, context)?;
    let letter = |view: &View, letter| {
        let at = view.axes.find(letter).filter(|_| view.dims.len() == 4);
        at.map(|at| view.dims[at])
            .ok_or_else(|| format!("axes {} have no {letter}", view.axes))
    };
    let groups = match filters.groups {
        1 => op.attrs.int("groups").unwrap_or(1),
        groups => i64::try_from(groups).unwrap_or(0),
    };
    let groups = usize::try_from(groups).unwrap_or(0);
    let (inner, outer) = (letter(filters, 'C')?, letter(filters, 'N')?);
    let (have, made) = (letter(map, 'C')?, letter(out, 'C')?);
    let sound = if transposed {
        groups == 1 && have == outer && made == inner
    } else {
        groups > 0
            && made == outer
            && outer.is_multiple_of(groups)
            && inner.checked_mul(groups) == Some(have)
    };
    if !sound || letter(map, 'N')? != letter(out, 'N')? {
        return Err(format!(
            "filters {} {:?} in {groups} groups do not lead from {:?} to {:?}",
            filters.axes, filters.dims, map.dims, out.dims
        ));
    }
    if op.float("offset_x").is_some_and(|v| v != 0.0) || op.attrs.int("offset_x").unwrap_or(0) != 0
    {
        return Err("it adds an offset, as quantised networks do".into());
    }
    let tail = Tail::plan(op, 2, made, overflow)?;
    let conv = Conv {
        axes,
        groups,
        transposed,
    };
    let out = out.clone();
    Ok(Box::new(move |inputs| {
        let present = |slot: usize| inputs[slot].as_ref().ok_or("an input is absent");
        let map = ordered(present(x)?, "NHWC")?;
        let filters = ordered(present(filter)?, "HWCN")?;
        let made = conv.run(&map, &filters)?;
        let nhwc = View {
            axes: "NHWC".into(),
            dims: conv.out_dims(&map, &filters),
            ..out.clone()
        };
        let made = match tail.bias(inputs)? {
            Some(bias) => add_bias(made, bias),
            None => made,
        };
        let value = ordered(&Value::new(nhwc, Data::Floats(made)), &out.axes)?;
        tail.run(value, inputs).map(|value| value.data().clone())
    }))
}

fn add_bias(mut made: Vec<f32>, bias: &[f32]) -> Vec<f32> {
    for row in made.chunks_mut(bias.len().max(1)) {
        row.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
    }
    made
}

impl Conv {
    fn out_dims(&self, map: &Value, filters: &Value) -> Vec<usize> {
        let [h, w] = &self.axes;
        let n = map.view.dims[0];
        if self.transposed {
            vec![n, h.input, w.input, filters.view.dims[2]]
        } else {
            vec![n, h.output, w.output, filters.view.dims[3]]
        }
    }

    /// Sums over rows of the filter, its columns, its channels, in this order, in float32.
    fn run(&self, map: &Value, filters: &Value) -> Result<Vec<f32>, String> {
        let out = self.out_dims(map, filters);
        let mut made = vec![0.0; out.iter().product()];
        let image = out[1..].iter().product::<usize>().max(1);
        let (x, f) = (map.floats()?, filters.floats()?);
        let pixels = map.view.dims[1..].iter().product::<usize>();
        let filter = &filters.view.dims;
        // Each thread makes whole images, so the number of threads changes no sum.
        let images = made.chunks_mut(image).zip(x.chunks(pixels.max(1)));
        elementwise::share(images, |(made, x)| {
            if self.transposed {
                self.back(x, f, filter, made);
            } else {
                self.forward(x, f, filter, made);
            }
        });
        Ok(made)
    }

    fn forward(&self, x: &[f32], f: &[f32], filter: &[usize], made: &mut [f32]) {
        let [h, w] = &self.axes;
        let (inner, outer) = (filter[2], filter[3]);
        let (have, per_group) = (inner * self.groups, outer / self.groups);
        for (row, made) in made.chunks_mut(w.output * outer).enumerate() {
            for (column, made) in made.chunks_mut(outer).enumerate() {
                for ky in 0..h.kernel {
                    let Some(y) = h.reads(row, ky) else { continue };
                    for kx in 0..w.kernel {
                        let Some(at) = w.reads(column, kx) else {
                            continue;
                        };
                        let pixel = &x[(y * w.input + at) * have..][..have];
                        let taps = &f[(ky * w.kernel + kx) * inner * outer..][..inner * outer];
                        for group in 0..self.groups {
                            let made = &mut made[group * per_group..][..per_group];
                            let pixel = &pixel[group * inner..][..inner];
                            for (taps, &v) in taps.chunks(outer).zip(pixel) {
                                let taps = &taps[group * per_group..][..per_group];
                                made.iter_mut().zip(taps).for_each(|(m, t)| *m += v * t);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The transpose of [`Conv::forward`] with one group: every element goes where it was read from.
    fn back(&self, y: &[f32], f: &[f32], filter: &[usize], made: &mut [f32]) {
        let [h, w] = &self.axes;
        let (inner, outer) = (filter[2], filter[3]);
        for row in 0..h.output {
            for column in 0..w.output {
                let pixel = &y[(row * w.output + column) * outer..][..outer];
                for ky in 0..h.kernel {
                    let Some(to) = h.reads(row, ky) else { continue };
                    for kx in 0..w.kernel {
                        let Some(at) = w.reads(column, kx) else {
                            continue;
                        };
                        let made = &mut made[(to * w.input + at) * inner..][..inner];
                        let taps = &f[(ky * w.kernel + kx) * inner * outer..][..inner * outer];
                        for (m, taps) in made.iter_mut().zip(taps.chunks(outer)) {
                            *m += taps.iter().zip(pixel).map(|(t, v)| t * v).sum::<f32>();
                        }
                    }
                }
            }
        }
    }
}

impl Axis {
    /// The element that window `at` reads with tap `tap`; `None` for a zero of the padding.
    fn reads(&self, at: usize, tap: usize) -> Option<usize> {
        let place = (at * self.stride + tap * self.dilation).checked_sub(self.before)?;
        (place < self.input).then_some(place)
    }
}
