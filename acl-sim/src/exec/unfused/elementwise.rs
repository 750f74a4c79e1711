//! Operators number by number, alone and behind a fused one.

use super::assume::{Assumption, Assumptions};
use super::attributes::Operator;
use super::half_round::{Overflow, round};
use super::plan::Kernel;
use super::value::{Data, Value};
use super::view::View;

/// Does independent pieces of work on all cores; which thread does which changes nothing.
pub(super) fn share<T: Send>(pieces: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
    let mut lists: Vec<Vec<T>> = (0..crate::exec::rten_engine::threads())
        .map(|_| Vec::new())
        .collect();
    let count = lists.len();
    for (i, piece) in pieces.enumerate() {
        lists[i % count].push(piece);
    }
    lists.retain(|list| !list.is_empty());
    let Some(own) = lists.pop() else { return };
    std::thread::scope(|scope| {
        for list in lists {
            scope.spawn(|| list.into_iter().for_each(&work));
        }
        own.into_iter().for_each(&work);
    });
}

/// A function of one number, by the name of its operator in lower case without underscores.
fn unary(name: &str) -> Option<fn(f32) -> f32> {
    Some(match name {
        "relu" => |x| x.max(0.0),
        "relu6" => |x| x.clamp(0.0, 6.0),
        "abs" => f32::abs,
        "neg" => |x| -x,
        "exp" => f32::exp,
        "sqrt" => f32::sqrt,
        "tanh" => f32::tanh,
        "sigmoid" => |x| 1.0 / (1.0 + (-x).exp()),
        _ => return None,
    })
}

fn binary(name: &str) -> Option<fn(f32, f32) -> f32> {
    Some(match name {
        "add" => |a, b| a + b,
        "mul" => |a, b| a * b,
        "sub" => |a, b| a - b,
        "realdiv" => |a, b| a / b,
        "maximum" => f32::max,
        "minimum" => f32::min,
        _ => return None,
    })
}

/// Plans an operator of one or two inputs; `None` for one of another kind.
pub(super) fn plan(
    op: &Operator<'_>,
    assumed: &Assumptions,
    overflow: Overflow,
) -> Option<Result<Kernel, String>> {
    if op.is_fused() {
        let chain = op.chain().unwrap_or_default();
        return (chain == ["abs", "mul", "mul", "add"]).then(|| leaky(op, assumed, overflow));
    }
    let name = op.kind.to_lowercase();
    if op.kind == "LeakyRelu" {
        return Some(op.float("negative_slope").map_or_else(
            || Err("the attribute negative_slope is absent".into()),
            |slope| Ok(each(move |x| if x < 0.0 { x * slope } else { x })),
        ));
    }
    if let Some(function) = unary(&name) {
        return Some(Ok(each(function)));
    }
    let function = binary(&name)?;
    let out = op.output().cloned();
    Some(out.map(|out| -> Kernel {
        Box::new(move |inputs| match inputs {
            [Some(a), Some(b), ..] => combine(a, b, &out, function),
            _ => Err("an input is absent".into()),
        })
    }))
}

fn each(function: impl Fn(f32) -> f32 + Send + Sync + 'static) -> Kernel {
    Box::new(move |inputs| {
        let x = inputs
            .first()
            .and_then(Option::as_ref)
            .ok_or("an input is absent")?;
        Ok(Data::Floats(
            x.floats()?.iter().map(|&v| function(v)).collect(),
        ))
    })
}

/// Applies a function to two tensors, of which dims of one and absent leading dims repeat.
fn combine(
    a: &Value,
    b: &Value,
    out: &View,
    function: impl Fn(f32, f32) -> f32,
) -> Result<Data, String> {
    let (x, y) = (a.floats()?, b.floats()?);
    let [from_a, from_b] = [a, b].map(|v| strides(&v.view.dims, &out.dims));
    let (Some(from_a), Some(from_b)) = (from_a, from_b) else {
        return Err(format!(
            "dims {:?} and {:?} do not make {:?}",
            a.view.dims, b.view.dims, out.dims
        ));
    };
    let count = out.count();
    let place = |mut i: usize, strides: &[usize]| {
        let mut at = 0;
        for (&dim, &stride) in out.dims.iter().zip(strides).rev() {
            at += i % dim * stride;
            i /= dim;
        }
        at
    };
    let made = (0..count).map(|i| function(x[place(i, &from_a)], y[place(i, &from_b)]));
    Ok(Data::Floats(made.collect()))
}

/// The strides with which a tensor of `dims` is read as one of `out`.
fn strides(dims: &[usize], out: &[usize]) -> Option<Vec<usize>> {
    let missing = out.len().checked_sub(dims.len())?;
    let mut strides = vec![0; out.len()];
    let mut stride = 1;
    for (i, &dim) in dims.iter().enumerate().rev() {
        match dim {
            1 => {}
            _ if dim == out[missing + i] => strides[missing + i] = stride,
            _ => return None,
        }
        stride *= dim;
    }
    Some(strides)
}

/// `a x + b |x|` from a fused abs, mul, mul, add: the file does not say which number belongs to which.
fn leaky(op: &Operator<'_>, assumed: &Assumptions, overflow: Overflow) -> Result<Kernel, String> {
    if !assumed.hold(Assumption::LeakyRelu) {
        return Err(format!(
            "its kernel is abs, mul, mul, add, and which of the two numbers multiplies which is lost (settled with ACL_SIM_ASSUME={})",
            Assumption::LeakyRelu
        ));
    }
    let out = op.output()?;
    let full: Vec<usize> = (0..op.inputs.len())
        .filter(|&i| op.inputs[i].as_ref().is_some_and(|v| v.dims == out.dims))
        .collect();
    let numbers: Vec<usize> = (0..op.inputs.len())
        .filter(|&i| op.inputs[i].as_ref().is_some_and(|v| v.count() == 1))
        .collect();
    let (&[x, ..], &[a, b]) = (full.as_slice(), numbers.as_slice()) else {
        return Err("its inputs are not those of a leaky ReLU".into());
    };
    Ok(Box::new(move |inputs| {
        let get = |i: usize| inputs[i].as_ref().ok_or("an input is absent");
        let number = |i| -> Result<f32, String> { Ok(get(i)?.floats()?[0]) };
        let (a, b) = (number(a)?, number(b)?);
        // A leaky ReLU keeps what is positive: (1 + slope) / 2 of x and (1 - slope) / 2 of |x|.
        if (a + b - 1.0).abs() > 0.01 {
            return Err(format!(
                "its numbers {a} and {b} are not those of a leaky ReLU"
            ));
        }
        let (plain, absolute) = (a.max(b), a.min(b));
        let half = |v: Vec<f32>| round(Data::Floats(v), overflow);
        let x = get(x)?.floats()?;
        let left = half(x.iter().map(|v| v * plain).collect());
        let right = half(x.iter().map(|v| v.abs() * absolute).collect());
        match (left, right) {
            (Data::Floats(l), Data::Floats(r)) => {
                Ok(Data::Floats(l.iter().zip(&r).map(|(l, r)| l + r).collect()))
            }
            _ => Err("found integers, wanted floats".into()),
        }
    }))
}

/// What a fused operator does behind its head: the bias, then operators number by number.
pub(super) struct Tail {
    bias: Option<usize>,
    steps: Vec<Step>,
    overflow: Overflow,
}

enum Step {
    Each(fn(f32) -> f32),
    With(fn(f32, f32) -> f32, usize),
}

impl Tail {
    /// Reads it from the name of the kernel. The inputs from slot `first` on are the bias, if there is one more of
    /// them than the operators behind take, and their second operands in order.
    pub(super) fn plan(
        op: &Operator<'_>,
        first: usize,
        width: usize,
        overflow: Overflow,
    ) -> Result<Self, String> {
        let connected = |slot: &usize| op.inputs[*slot].is_some();
        let extra: Vec<usize> = (first..op.inputs.len()).filter(connected).collect();
        let chain = match (op.chain(), op.is_fused()) {
            (Some(chain), _) => chain,
            (None, false) => vec!["head"],
            (None, true) => {
                return Err(
                    "it is fused, and the name of its kernel does not say with what".into(),
                );
            }
        };
        let behind = chain.get(1..).unwrap_or_default();
        let takes = behind
            .iter()
            .filter(|name| matches!(**name, "add" | "mul"))
            .count();
        let (bias, mut operands) = match extra.len().checked_sub(takes) {
            Some(0) => (None, extra.iter()),
            Some(1) => (extra.first().copied(), extra[1..].iter()),
            _ => {
                return Err(format!(
                    "its kernel {} takes {takes} second operands, and {} inputs are there",
                    chain.join(", "),
                    extra.len()
                ));
            }
        };
        if let Some(view) = bias.and_then(|slot| op.inputs[slot].as_ref())
            && view.count() != width
        {
            return Err(format!(
                "a bias of {} numbers for {width} channels",
                view.count()
            ));
        }
        let mut steps = Vec::new();
        for name in behind {
            let step = match (*name, unary(name)) {
                (_, Some(function)) => Step::Each(function),
                // Both sides of these are alike, so which is which does not matter.
                ("add" | "mul", _) => {
                    let function = binary(name).ok_or("an unknown operator")?;
                    let operand = operands.next().ok_or("a second operand is absent")?;
                    Step::With(function, *operand)
                }
                _ => {
                    return Err(format!(
                        "its kernel is {}, of which {name} is not known here",
                        chain.join(", ")
                    ));
                }
            };
            steps.push(step);
        }
        Ok(Self {
            bias,
            steps,
            overflow,
        })
    }

    pub(super) fn bias<'a>(
        &self,
        inputs: &'a [Option<Value>],
    ) -> Result<Option<&'a [f32]>, String> {
        let bias = self
            .bias
            .and_then(|slot| inputs.get(slot))
            .and_then(Option::as_ref);
        bias.map(Value::floats).transpose()
    }

    /// Each step rounds, as the operator on its own would.
    pub(super) fn run(&self, head: Value, inputs: &[Option<Value>]) -> Result<Value, String> {
        let mut value = head;
        for step in &self.steps {
            let view = value.view.clone();
            let rounded = round(value.data().clone(), self.overflow);
            let data = match step {
                Step::Each(function) => match rounded {
                    Data::Floats(v) => Data::Floats(v.iter().map(|&x| function(x)).collect()),
                    ints @ Data::Ints(_) => ints,
                },
                Step::With(function, slot) => {
                    let other = inputs[*slot].as_ref().ok_or("an input is absent")?;
                    combine(&Value::new(view.clone(), rounded), other, &view, function)?
                }
            };
            value = Value::new(view, data);
        }
        Ok(value)
    }
}
