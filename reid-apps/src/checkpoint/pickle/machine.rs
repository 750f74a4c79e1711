use std::collections::HashMap;

use super::heap::{Heap, Value};
use super::names::{Name, refusal};
use super::stream::Stream;
use super::{PickleError, call};

/// Most instructions of one pickle. A tensor takes about 25; the full MGN takes 17,000.
pub const MAX_STEPS: usize = 4 << 20;

/// Runs one pickle; returns its value and how many bytes it took.
///
/// # Errors
/// [`PickleError`] at the first instruction that is damaged, unknown, or names something that is
/// not allowed.
pub fn run(bytes: &[u8]) -> Result<(Value, Heap<'_>, usize), PickleError> {
    let mut machine = Machine {
        stream: Stream::new(bytes),
        heap: Heap::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        next: 0,
        spent: 0,
    };
    loop {
        machine.stream.start = machine.stream.position();
        machine.spend(1)?;
        if machine.step()? {
            let value = machine.pop()?;
            return Ok((value, machine.heap, machine.stream.position()));
        }
    }
}

pub(super) struct Machine<'a> {
    pub(super) stream: Stream<'a>,
    pub(super) heap: Heap<'a>,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    /// The number that MEMOIZE gives out next.
    next: u32,
    /// Instructions so far, and values that calls have copied.
    spent: usize,
}

impl<'a> Machine<'a> {
    /// Carries out one instruction; true at the end.
    fn step(&mut self) -> Result<bool, PickleError> {
        let code = self.stream.byte()?;
        match code {
            0x80 => self.protocol()?,
            // FRAME: a hint for readers of slow files.
            0x95 => drop(self.stream.length()?),
            b'.' => return Ok(true),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.since_mark()?),
            b'2' => {
                let top = self.top()?;
                self.push(top);
            }
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'J' | b'K' | b'M' | 0x8a | 0x8b | b'G' => self.number(code)?,
            b'X' | b'T' | b'U' | 0x8c | 0x8d => self.text(code)?,
            b'B' | b'C' | 0x8e | 0x96 => self.bytes(code)?,
            b')' | b't' | 0x85..=0x87 => self.tuple(code)?,
            b']' | b'a' | b'e' | b'l' | 0x8f..=0x91 => self.list(code)?,
            b'}' | b's' | b'u' | b'd' => self.dict(code)?,
            b'h' | b'j' | b'q' | b'r' | 0x94 => self.memory(code)?,
            b'c' | 0x93 => self.name(code)?,
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                let made = call::reduce(self, callable, arguments)?;
                self.push(made);
            }
            b'b' => {
                let _state = self.pop()?;
                let object = self.top()?;
                call::build(self, object)?;
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = call::persistent(self, id)?;
                self.push(storage);
            }
            other => return Err(self.unknown(other)),
        }
        Ok(false)
    }

    fn unknown(&self, code: u8) -> PickleError {
        let name = match code {
            b'i' => "INST, which makes an object of any class",
            b'o' => "OBJ, which makes an object of any class",
            0x92 => "NEWOBJ_EX, which makes an object of any class",
            0x82..=0x84 => "EXT, which calls what another program registered",
            b'P' => "PERSID, of protocol 0",
            b'F' | b'I' | b'L' | b'S' | b'V' | b'g' | b'p' => "an instruction of protocol 0",
            0x97 | 0x98 => "a buffer outside of the pickle",
            _ => "no instruction",
        };
        self.stream.error(format!(
            "refused code {code:#04x}, {name}; wanted what torch.save writes, protocols 2 to 5"
        ))
    }

    fn protocol(&mut self) -> Result<(), PickleError> {
        match self.stream.byte()? {
            2..=5 => Ok(()),
            other => Err(self.stream.error(format!(
                "found protocol {other}, wanted 2 to 5, which torch.save writes"
            ))),
        }
    }

    fn number(&mut self, code: u8) -> Result<(), PickleError> {
        let value = match code {
            b'J' => Value::Int(self.stream.array().map(i32::from_le_bytes)?.into()),
            b'K' => Value::Int(self.stream.byte()?.into()),
            b'M' => Value::Int(self.stream.u16()?.into()),
            b'G' => Value::Float(self.stream.array().map(f64::from_be_bytes)?),
            _ => {
                let length = if code == 0x8a {
                    usize::from(self.stream.byte()?)
                } else {
                    self.stream.u32()? as usize
                };
                integer(self.stream.take(length)?)
            }
        };
        self.push(value);
        Ok(())
    }

    fn text(&mut self, code: u8) -> Result<(), PickleError> {
        let length = match code {
            b'U' | 0x8c => usize::from(self.stream.byte()?),
            b'X' | b'T' => self.stream.u32()? as usize,
            _ => self.stream.length()?,
        };
        let text = self.stream.text(length)?;
        self.heap.texts.push(text);
        self.push(Value::Text(self.heap.texts.len() - 1));
        Ok(())
    }

    fn bytes(&mut self, code: u8) -> Result<(), PickleError> {
        let length = match code {
            b'C' => usize::from(self.stream.byte()?),
            b'B' => self.stream.u32()? as usize,
            _ => self.stream.length()?,
        };
        self.stream.take(length)?;
        self.push(Value::Other);
        Ok(())
    }

    fn tuple(&mut self, code: u8) -> Result<(), PickleError> {
        let items = match code {
            b')' => Vec::new(),
            b't' => self.since_mark()?,
            _ => {
                let count = usize::from(code - 0x84);
                let start = self.stack.len().checked_sub(count);
                let start = start.filter(|&s| s >= self.floor());
                let start = start.ok_or_else(|| self.empty())?;
                self.stack.split_off(start)
            }
        };
        let tuple = self.make_list(items);
        self.push(Value::Tuple(tuple));
        Ok(())
    }

    fn list(&mut self, code: u8) -> Result<(), PickleError> {
        let items = match code {
            b']' | 0x8f => {
                let list = self.make_list(Vec::new());
                self.push(Value::List(list));
                return Ok(());
            }
            b'l' | 0x91 => {
                let items = self.since_mark()?;
                let list = self.make_list(items);
                self.push(Value::List(list));
                return Ok(());
            }
            b'a' => vec![self.pop()?],
            _ => self.since_mark()?,
        };
        match self.top()? {
            Value::List(id) => {
                self.heap.lists[id].extend(items);
                Ok(())
            }
            // A set from REDUCE, whose contents nobody asks for.
            Value::Other => Ok(()),
            other => Err(self.mismatch(other, "a list to append to")),
        }
    }

    fn dict(&mut self, code: u8) -> Result<(), PickleError> {
        let items = match code {
            b'}' => {
                let dict = self.make_dict(Vec::new());
                self.push(dict);
                return Ok(());
            }
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.since_mark()?,
        };
        let (pairs, odd) = items.as_chunks::<2>();
        if !odd.is_empty() {
            return Err(self
                .stream
                .error("found a key without a value, wanted pairs"));
        }
        let pairs = pairs.iter().map(|[key, value]| (*key, *value));
        if code == b'd' {
            let pairs = pairs.collect();
            let dict = self.make_dict(pairs);
            self.push(dict);
            return Ok(());
        }
        match self.top()? {
            Value::Dict(id) => {
                self.heap.dicts[id].extend(pairs);
                Ok(())
            }
            other => Err(self.mismatch(other, "a dict to put into")),
        }
    }

    fn memory(&mut self, code: u8) -> Result<(), PickleError> {
        let index = match code {
            b'h' | b'q' => u32::from(self.stream.byte()?),
            b'j' | b'r' => self.stream.u32()?,
            _ => self.next,
        };
        if matches!(code, b'h' | b'j') {
            let value = self.memo.get(&index).copied();
            let value = value.ok_or_else(|| {
                self.stream
                    .error(format!("found no remembered value {index}"))
            })?;
            self.push(value);
            return Ok(());
        }
        let top = self.top()?;
        self.memo.insert(index, top);
        self.next = self.next.max(index.saturating_add(1));
        Ok(())
    }

    fn name(&mut self, code: u8) -> Result<(), PickleError> {
        let (module, name) = if code == b'c' {
            (self.stream.line()?, self.stream.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            match (self.heap.text(module), self.heap.text(name)) {
                (Some(module), Some(name)) => (module, name),
                _ => return Err(self.mismatch(name, "the texts of a module and a name")),
            }
        };
        let known =
            Name::of(module, name).ok_or_else(|| self.stream.error(refusal(module, name)))?;
        self.push(Value::Name(known));
        Ok(())
    }

    /// Counts work against the limit.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), PickleError> {
        self.spent = self.spent.saturating_add(steps);
        if self.spent <= MAX_STEPS {
            return Ok(());
        }
        Err(self.stream.error(format!(
            "found more than {MAX_STEPS} instructions, wanted a state_dict, which needs far fewer"
        )))
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Values below the last mark are out of reach.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value, PickleError> {
        if self.stack.len() <= self.floor() {
            return Err(self.empty());
        }
        self.stack.pop().ok_or_else(|| self.empty())
    }

    fn top(&self) -> Result<Value, PickleError> {
        if self.stack.len() <= self.floor() {
            return Err(self.empty());
        }
        self.stack.last().copied().ok_or_else(|| self.empty())
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, PickleError> {
        let mark = self.marks.pop();
        let mark = mark.ok_or_else(|| self.stream.error("found no mark on the stack"))?;
        Ok(self.stack.split_off(mark))
    }

    pub(super) fn make_list(&mut self, items: Vec<Value>) -> usize {
        self.heap.lists.push(items);
        self.heap.lists.len() - 1
    }

    pub(super) fn make_dict(&mut self, pairs: Vec<(Value, Value)>) -> Value {
        self.heap.dicts.push(pairs);
        Value::Dict(self.heap.dicts.len() - 1)
    }

    fn empty(&self) -> PickleError {
        self.stream.error("found an empty stack, wanted a value")
    }

    pub(super) fn mismatch(&self, found: Value, wanted: &str) -> PickleError {
        let found = self.heap.kind(found);
        self.stream.error(format!("found {found}, wanted {wanted}"))
    }
}

/// A little-endian integer in two's complement; one beyond 64 bits is of no use here.
fn integer(bytes: &[u8]) -> Value {
    if bytes.len() > 8 {
        return Value::Other;
    }
    let negative = bytes.last().is_some_and(|&b| b & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(wide))
}
