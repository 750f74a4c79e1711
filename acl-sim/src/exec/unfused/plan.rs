//! The graph, worked out operator by operator before anything runs.

use std::collections::HashMap;

use ascend_om::attrs::AttrTables;
use ascend_om::constants::{Constant, constants};
use ascend_om::dtype;
use ascend_om::model_def::{ModelDef, OpDef};
use ascend_om::unfold::unfold;
use half::f16;

use super::assume::Assumptions;
use super::attributes::Operator;
use super::geometry::{Context, Framework};
use super::half_round::{Overflow, round};
use super::value::{Data, Value};
use super::view::{View, adapt, convert};
use super::{conv, elementwise, matrix, random, reduce, shape_ops};

/// Makes an operator's first output from its inputs, which have the views that it wants.
pub(super) type Kernel = Box<dyn Fn(&[Option<Value>]) -> Result<Data, String> + Send + Sync>;

/// A graph that can run.
pub(crate) struct Plan {
    pub(super) inputs: Vec<View>,
    pub(super) outputs: Vec<(usize, View)>,
    steps: Vec<Step>,
    overflow: Overflow,
}

struct Step {
    name: String,
    work: Work,
    /// Steps that make the inputs, and how they are seen.
    inputs: Vec<Option<(usize, View)>>,
    out: View,
    /// The step after which nobody reads the result; `usize::MAX` for outputs.
    last: usize,
}

enum Work {
    Input(usize),
    Constant(Value),
    Kernel(Kernel),
    /// A change of layout, which is no function of numbers.
    Convert,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("steps", &self.steps.len())
            .finish_non_exhaustive()
    }
}

/// Operators that order work and touch no number of the model.
const IDLE: [&[u8]; 4] = [b"Send", b"Recv", b"AtomicAddrClean", b"MemSet"];

/// Refusals that a message lists.
const SHOWN: usize = 6;

impl Plan {
    /// Works a model's graph out.
    ///
    /// # Errors
    /// All operators that cannot be worked out, each with the reason.
    pub(crate) fn new(
        model: &ModelDef,
        weights: &[u8],
        soc: &str,
        assumed: &Assumptions,
        seed: u64,
    ) -> Result<Self, String> {
        let [graph] = model.graph.as_slice() else {
            return Err(format!(
                "it has {} graphs that call each other, wanted one",
                model.graph.len()
            ));
        };
        let tables = AttrTables::of(model);
        let framework = ascend_om::attrs::Attrs::new(&model.attr, &tables).text("framework_type");
        let framework = match framework.as_deref() {
            Some("TensorFlow") => Framework::TensorFlow,
            _ => Framework::Other,
        };
        // Files of the time before 310P name no chip.
        let saturates = soc.is_empty() || soc.starts_with("Ascend310");
        let builder = Builder {
            tables: &tables,
            constants: constants(model, weights)
                .map_err(|e| e.to_string())?
                .into_iter()
                .map(|c| (c.name.clone(), c))
                .collect(),
            context: Context { framework, assumed },
            overflow: if saturates {
                Overflow::Saturates
            } else {
                Overflow::Infinite
            },
            seed,
        };
        builder.build(&graph.op)
    }

    /// Runs the graph.
    pub(super) fn execute(&self, given: Vec<Value>) -> Result<Vec<Value>, String> {
        let mut made: Vec<Option<Value>> = vec![None; self.steps.len()];
        for (index, step) in self.steps.iter().enumerate() {
            let value = self
                .step(step, &given, &made)
                .map_err(|e| format!("operator {}: {e}", step.name))?;
            made[index] = Some(value);
            for (source, _) in step.inputs.iter().flatten() {
                if self.steps[*source].last == index {
                    made[*source] = None;
                }
            }
        }
        let output = |(source, view): &(usize, View)| {
            let value = made[*source].as_ref().ok_or("an output was not made")?;
            adapt(value, view)
        };
        self.outputs.iter().map(output).collect()
    }

    fn step(&self, step: &Step, given: &[Value], made: &[Option<Value>]) -> Result<Value, String> {
        let mut inputs = Vec::with_capacity(step.inputs.len());
        for input in &step.inputs {
            inputs.push(match input {
                Some((source, view)) => {
                    let value = made[*source].as_ref().ok_or("an input was not made")?;
                    Some(adapt(value, view)?)
                }
                None => None,
            });
        }
        match &step.work {
            Work::Input(index) => given
                .get(*index)
                .cloned()
                .ok_or_else(|| "an input was not given".into()),
            Work::Constant(value) => Ok(value.clone()),
            Work::Convert => {
                let value = inputs
                    .first()
                    .and_then(Option::as_ref)
                    .ok_or("its input is absent")?;
                convert(value, &step.out)
            }
            Work::Kernel(kernel) => {
                let data = typed(kernel(&inputs)?, step.out.dtype, self.overflow);
                if data.len() != step.out.count() {
                    return Err(format!(
                        "it made {} numbers for dims {:?}",
                        data.len(),
                        step.out.dims
                    ));
                }
                Ok(Value::new(step.out.clone(), data))
            }
        }
    }
}

/// Brings a result to its element type.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // conversion is the purpose
fn typed(data: Data, acl: i32, overflow: Overflow) -> Data {
    match (acl, data) {
        (dtype::ACL_FLOAT16, Data::Ints(v)) => round(
            Data::Floats(v.iter().map(|&x| x as f32).collect()),
            overflow,
        ),
        (dtype::ACL_FLOAT16, floats) => round(floats, overflow),
        (dtype::ACL_FLOAT, Data::Ints(v)) => Data::Floats(v.iter().map(|&x| x as f32).collect()),
        (dtype::ACL_FLOAT, floats) => floats,
        // Towards zero, as casts on the device.
        (_, Data::Floats(v)) => Data::Ints(v.iter().map(|&x| x as i64).collect()),
        (_, ints) => ints,
    }
}

struct Builder<'a> {
    tables: &'a AttrTables,
    constants: HashMap<String, Constant<'a>>,
    context: Context<'a>,
    overflow: Overflow,
    seed: u64,
}

impl Builder<'_> {
    fn build(&self, ops: &[OpDef]) -> Result<Plan, String> {
        let mut plan = Plan {
            inputs: Vec::new(),
            outputs: Vec::new(),
            steps: Vec::new(),
            overflow: self.overflow,
        };
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut refused = Vec::new();
        for op in ops {
            if IDLE.contains(&op.r#type.as_slice()) {
                continue;
            }
            if let Err(reason) = self.add(op, &mut plan, &mut places) {
                let name = String::from_utf8_lossy(&op.name).into_owned();
                let kind = String::from_utf8_lossy(&op.r#type).into_owned();
                refused.push(format!("{kind} {name}: {reason}"));
                // What reads from it is not refused for that.
                places.insert(name, usize::MAX);
            }
        }
        if !refused.is_empty() {
            let more = refused.len().saturating_sub(SHOWN);
            let count = refused.len();
            refused.truncate(SHOWN);
            let tail = if more > 0 {
                format!("; and {more} more")
            } else {
                String::new()
            };
            return Err(format!(
                "{count} of its {} operators do not say what they do: {}{tail}",
                ops.len(),
                refused.join("; ")
            ));
        }
        if plan.outputs.is_empty() {
            return Err("it has no NetOutput".into());
        }
        plan.inputs = self.inputs(ops)?;
        for index in 0..plan.steps.len() {
            let sources: Vec<usize> = plan.steps[index]
                .inputs
                .iter()
                .flatten()
                .map(|(s, _)| *s)
                .collect();
            sources
                .into_iter()
                .for_each(|source| plan.steps[source].last = index);
        }
        for (source, _) in &plan.outputs {
            plan.steps[*source].last = usize::MAX;
        }
        Ok(plan)
    }

    /// Views of the inputs in index order.
    fn inputs(&self, ops: &[OpDef]) -> Result<Vec<View>, String> {
        let mut views = Vec::new();
        for (index, op) in ops.iter().filter(|op| op.r#type == b"Data").enumerate() {
            let op = Operator::of(op, self.tables)?;
            views.push((
                op.attrs.int("index").unwrap_or(index as i64),
                op.output()?.clone(),
            ));
        }
        views.sort_by_key(|(index, _)| *index);
        Ok(views.into_iter().map(|(_, view)| view).collect())
    }

    fn add(
        &self,
        op: &OpDef,
        plan: &mut Plan,
        places: &mut HashMap<String, usize>,
    ) -> Result<(), String> {
        let read = Operator::of(op, self.tables)?;
        let mut inputs = Vec::new();
        let mut broken = false;
        for (slot, view) in read.inputs.iter().enumerate() {
            let source = op
                .input
                .get(slot)
                .map(|s| String::from_utf8_lossy(s).into_owned());
            inputs.push(match (view, source) {
                (Some(view), Some(source)) => {
                    let (name, output) = source.rsplit_once(':').unwrap_or((&source, "0"));
                    if output != "0" && read.kind != "NetOutput" {
                        return Err(format!("it reads output {output} of {name}; operators with one output are known"));
                    }
                    let place = places.get(name).copied();
                    let place = place.ok_or_else(|| format!("its source {name} is not in the graph"))?;
                    broken |= place == usize::MAX;
                    Some((place, view.clone()))
                }
                _ => None,
            });
        }
        if read.kind == "NetOutput" {
            plan.outputs = inputs.into_iter().flatten().collect();
            return Ok(());
        }
        let (work, out) = self.work(op, &read, plan)?;
        if broken {
            // Something before it is refused already.
            places.insert(read.name, usize::MAX);
            return Ok(());
        }
        if matches!(work, Work::Input(_)) {
            inputs.clear();
        }
        places.insert(read.name.clone(), plan.steps.len());
        plan.steps.push(Step {
            name: read.name,
            work,
            inputs,
            out,
            last: plan.steps.len(),
        });
        Ok(())
    }

    fn work(&self, op: &OpDef, read: &Operator<'_>, plan: &Plan) -> Result<(Work, View), String> {
        let out = read.output()?.clone();
        let kernel = match read.kind.as_str() {
            "Data" => {
                let earlier = plan
                    .steps
                    .iter()
                    .filter(|s| matches!(s.work, Work::Input(_)))
                    .count();
                let index = read
                    .attrs
                    .int("index")
                    .and_then(|i| usize::try_from(i).ok());
                return Ok((Work::Input(index.unwrap_or(earlier)), out));
            }
            "Const" | "Constant" => {
                return Ok((Work::Constant(self.constant(&read.name, &out)?), out));
            }
            "TransData" => return Ok((Work::Convert, out)),
            "Cast" => Box::new(|inputs: &[Option<Value>]| {
                let x = inputs
                    .first()
                    .and_then(Option::as_ref)
                    .ok_or("its input is absent")?;
                Ok(x.data().clone())
            }),
            "Conv2D" | "Conv2DBackpropInputD" => conv::plan(read, self.context, self.overflow)?,
            "MatMul" | "MatMulV2" => matrix::plan(read, self.overflow)?,
            "RandomStandardNormal" => {
                let stated = |name| {
                    read.attrs
                        .int(name)
                        .and_then(|v| u64::try_from(v).ok())
                        .unwrap_or(0)
                };
                let seed = stated("seed").rotate_left(32) ^ stated("seed2") ^ self.seed;
                let (place, count) = (usize::try_from(op.id).unwrap_or(0), out.count());
                Box::new(move |_: &[Option<Value>]| {
                    Ok(Data::Floats(random::normal(seed, place, count)))
                })
            }
            _ => elementwise::plan(read, self.context.assumed, self.overflow)
                .or_else(|| reduce::plan(read))
                .or_else(|| shape_ops::plan(read))
                .unwrap_or_else(|| Err(self.unknown(read)))?,
        };
        Ok((Work::Kernel(kernel), out))
    }

    fn unknown(&self, op: &Operator<'_>) -> String {
        match op.chain() {
            Some(chain) => format!(
                "it is fused of {}, which is not known here",
                chain.join(", ")
            ),
            None if op.is_fused() => {
                "it is fused, and the name of its kernel does not say of what".into()
            }
            None => "this operator is not known here".into(),
        }
    }

    #[allow(clippy::cast_possible_truncation)]
    fn constant(&self, name: &str, out: &View) -> Result<Value, String> {
        fn each<const N: usize, T>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
            bytes.as_chunks::<N>().0.iter().map(|b| read(*b)).collect()
        }
        let constant = self.constants.get(name).ok_or("its contents are absent")?;
        let logical = unfold(constant).map_err(|e| e.to_string())?;
        let bytes = &logical.bytes;
        let data = match logical.dtype {
            dtype::ACL_FLOAT16 => Data::Floats(each(bytes, |b| f16::from_le_bytes(b).to_f32())),
            dtype::ACL_FLOAT => Data::Floats(each(bytes, f32::from_le_bytes)),
            dtype::ACL_INT32 => Data::Ints(each(bytes, |b| i32::from_le_bytes(b).into())),
            dtype::ACL_INT64 => Data::Ints(each(bytes, i64::from_le_bytes)),
            other => return Err(format!("its element type is {}", dtype::name(other))),
        };
        if data.len() != out.count() {
            return Err(format!("{} numbers for dims {:?}", data.len(), out.dims));
        }
        Ok(Value::new(out.clone(), data))
    }
}
