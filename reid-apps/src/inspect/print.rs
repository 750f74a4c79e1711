//! A summary as text.

use std::io::{self, Write};

use ascend_om::describe::Gears;

use super::shown;
use super::summary::{Summary, TensorSummary};

/// Spells a number of bytes with the largest unit that leaves at least 1.
pub(crate) fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB"];
    let mut unit = 0;
    #[allow(clippy::cast_precision_loss)] // shown with three digits
    let mut number = bytes as f64;
    while number >= 1024.0 && unit + 1 < units.len() {
        (number, unit) = (number / 1024.0, unit + 1);
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{number:.1} {}", units[unit])
    }
}

fn dims(dims: &[i64]) -> String {
    if dims.is_empty() {
        return "scalar".into();
    }
    let one = |d: &i64| if *d < 0 { "?".into() } else { d.to_string() };
    dims.iter().map(one).collect::<Vec<String>>().join("x")
}

/// Writes a summary for people.
///
/// # Errors
/// What the writer says.
pub fn print(summary: &Summary, to: &mut dyn Write) -> io::Result<()> {
    let s = summary;
    let or = |text: &str, otherwise: &str| {
        if text.is_empty() {
            otherwise.into()
        } else {
            shown(text)
        }
    };
    writeln!(
        to,
        "{}: {}, {}",
        shown(&s.file),
        s.kind,
        size(s.bytes as u64)
    )?;
    let mut line = |label: &str, text: String| writeln!(to, "  {label:<12} {text}");
    line("name", or(&s.name, "(none)"))?;
    line("sha256", s.sha256.clone())?;
    line("chip", or(&s.soc_version, "(the file does not say)"))?;
    let release = s
        .cann
        .map_or_else(String::new, |cann| format!(" (CANN {cann})"));
    line(
        "converter",
        format!("{}{release}", or(&s.atc_version, "(the file does not say)")),
    )?;
    if !s.atc_cmdline.is_empty() {
        line("command", shown(&s.atc_cmdline))?;
    }
    if !s.framework.is_empty() {
        line("from", shown(&s.framework))?;
    }
    let several = if s.models > 1 {
        format!(", {} models", s.models)
    } else {
        String::new()
    };
    let compressed = if s.compressed_attributes {
        ", compressed attributes"
    } else {
        ""
    };
    let dynamic = if s.dynamic {
        ", shapes known at run time"
    } else {
        ""
    };
    let platform = or(&s.platform_version, "(none)");
    line(
        "container",
        format!(
            "version {}, platform {platform}{several}{compressed}{dynamic}",
            s.header_version
        ),
    )?;
    let parts = s
        .partitions
        .iter()
        .map(|p| format!("{} {}", p.kind, size(p.bytes as u64)));
    line("partitions", parts.collect::<Vec<_>>().join(", "))?;
    line(
        "memory",
        format!(
            "work {}, weights {}",
            size(s.work_bytes),
            size(s.weight_bytes)
        ),
    )?;
    let resources = s
        .resources
        .iter()
        .map(|(what, number)| format!("{number} {what}"));
    let resources = resources.collect::<Vec<_>>().join(", ");
    line("resources", or(&resources, "(the file does not say)"))?;
    line(
        "kernels",
        format!("{}, {}", s.kernels.count, size(s.kernels.bytes)),
    )?;
    tensors("inputs", &s.inputs, to)?;
    tensors("outputs", &s.outputs, to)?;
    match &s.gears {
        Gears::None => {}
        Gears::Batch(sizes) => writeln!(to, "  batch sizes  {sizes:?}")?,
        Gears::ImageSize(sizes) => writeln!(to, "  image sizes  {sizes:?} (height, width)")?,
        Gears::Dims(sizes) => writeln!(to, "  gears        {sizes:?}")?,
    }
    let total: usize = s.operators.iter().map(|(_, count)| count).sum();
    writeln!(
        to,
        "  operators    {total} in {}",
        if s.graphs == 1 {
            "one graph".into()
        } else {
            format!("{} graphs", s.graphs)
        }
    )?;
    let names = s
        .operators
        .iter()
        .map(|(name, count)| format!("{count} {}", shown(name)));
    for row in names.collect::<Vec<_>>().chunks(5) {
        writeln!(to, "               {}", row.join(", "))?;
    }
    writeln!(
        to,
        "  constants    {}",
        s.constants.iter().map(|c| c.count).sum::<usize>()
    )?;
    for c in &s.constants {
        writeln!(
            to,
            "               {} {} {}, {}",
            c.count,
            c.dtype,
            shown(&c.layout),
            size(c.bytes)
        )?;
    }
    for remark in &s.remarks {
        writeln!(to, "  remark       {}", shown(remark))?;
    }
    Ok(())
}

fn tensors(label: &str, list: &[TensorSummary], to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "  {label}")?;
    for (index, t) in list.iter().enumerate() {
        writeln!(
            to,
            "    {index:<3} {}  {} {} {}, {}",
            shown(&t.name),
            t.dtype,
            t.format,
            dims(&t.dims),
            if t.bytes == 0 {
                "size known at run time".into()
            } else {
                size(t.bytes)
            }
        )?;
        if let Some(aipp) = &t.aipp {
            let settings = aipp
                .settings
                .iter()
                .map(|(k, v)| format!("{}={}", shown(k), shown(v)));
            writeln!(
                to,
                "        {} {}",
                shown(&aipp.mode),
                settings.collect::<Vec<_>>().join(" ")
            )?;
        }
    }
    Ok(())
}
