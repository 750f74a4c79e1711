//! A model's graph as DOT or as an SVG of its own.

use std::collections::HashMap;
use std::fmt::Write as _;

use ascend_om::model_def::{GraphDef, ModelDef, OpDef};

use super::shown;

/// A box of the drawing.
struct Node {
    name: String,
    kind: String,
    dims: String,
    /// The boxes that feed it.
    from: Vec<usize>,
    /// How many boxes lie above it on the longest way.
    rank: usize,
}

/// Takes the operators of the main graph without constants, which would bury it.
fn nodes(model: &ModelDef) -> Vec<Node> {
    let empty = GraphDef::default();
    let graph = model.graph.first().unwrap_or(&empty);
    let drawn = |op: &&OpDef| !matches!(op.r#type.as_slice(), b"Const" | b"Constant");
    let mut found: Vec<Node> = Vec::new();
    let mut by_name: HashMap<&[u8], usize> = HashMap::new();
    for op in graph.op.iter().filter(drawn) {
        let source = |input: &Vec<u8>| {
            let end = input.iter().rposition(|&b| b == b':')?;
            by_name.get(&input[..end]).copied()
        };
        let mut from: Vec<usize> = op.input.iter().filter_map(source).collect();
        from.sort_unstable();
        from.dedup();
        let shape = op.output_desc.first().or(op.input_desc.first());
        let shape = shape
            .and_then(|desc| desc.shape.as_ref())
            .map_or(&[][..], |s| &s.dim);
        let dims: Vec<String> = shape.iter().map(ToString::to_string).collect();
        let rank = from.iter().map(|&i| found[i].rank + 1).max().unwrap_or(0);
        by_name.insert(&op.name, found.len());
        found.push(Node {
            name: shown(&String::from_utf8_lossy(&op.name)),
            kind: shown(&String::from_utf8_lossy(&op.r#type)),
            dims: dims.join("x"),
            from,
            rank,
        });
    }
    found
}

/// Writes the main graph in the language of Graphviz.
#[must_use]
pub fn dot(model: &ModelDef) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = String::from("digraph model {\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (i, node) in nodes(model).iter().enumerate() {
        let (kind, name, dims) = (quoted(&node.kind), quoted(&node.name), &node.dims);
        let _ = writeln!(text, "  n{i} [label=\"{kind}\\n{name}\\n{dims}\"];");
        for from in &node.from {
            let _ = writeln!(text, "  n{from} -> n{i};");
        }
    }
    text.push_str("}\n");
    text
}

const WIDTH: usize = 200;
const HEIGHT: usize = 44;
const GAP: usize = 24;

/// Draws the main graph as an SVG that needs no other program: a row for each step of the longest way from an input.
#[must_use]
pub fn svg(model: &ModelDef) -> String {
    let nodes = nodes(model);
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for (i, node) in nodes.iter().enumerate() {
        rows.resize_with(rows.len().max(node.rank + 1), Vec::new);
        rows[node.rank].push(i);
    }
    // Each box near the middle of what feeds it, row by row.
    let mut column = vec![0; nodes.len()];
    for row in &mut rows {
        let middle = |i: &usize| {
            let from = &nodes[*i].from;
            (from.iter().map(|&f| column[f] * 2).sum::<usize>() + from.len()) / from.len().max(1)
        };
        row.sort_by_cached_key(|i| (middle(i), *i));
        for (place, &i) in row.iter().enumerate() {
            column[i] = place;
        }
    }
    let widest = rows.iter().map(Vec::len).max().unwrap_or(1);
    let (width, height) = (
        widest * (WIDTH + GAP) + GAP,
        rows.len() * (HEIGHT + GAP) + GAP,
    );
    let place = |i: usize| {
        let row = &rows[nodes[i].rank];
        let left = (width - row.len() * (WIDTH + GAP)) / 2 + GAP / 2;
        (
            left + column[i] * (WIDTH + GAP),
            nodes[i].rank * (HEIGHT + GAP) + GAP,
        )
    };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (i, node) in nodes.iter().enumerate() {
        let (x, y) = place(i);
        for &from in &node.from {
            let (fx, fy) = place(from);
            let (x0, y0, x1, y1) = (fx + WIDTH / 2, fy + HEIGHT, x + WIDTH / 2, y);
            let bend = (y1 - y0) / 2;
            let _ = writeln!(
                text,
                "<path d=\"M{x0} {y0} C{x0} {} {x1} {} {x1} {y1}\" fill=\"none\" stroke=\"#9aa5b1\"/>",
                y0 + bend,
                y1 - bend
            );
        }
    }
    for (i, node) in nodes.iter().enumerate() {
        let (x, y) = place(i);
        let fill = match node.kind.as_str() {
            "Data" | "AippData" | "NetOutput" => "#fff3c4",
            kind if kind.contains("Conv") || kind.contains("MatMul") => "#d2e5f8",
            _ => "#f0f4f8",
        };
        let _ = writeln!(
            text,
            "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"4\" fill=\"{fill}\" \
             stroke=\"#627d98\"/><text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text><text x=\"{}\" y=\"{}\">{}</text></g>",
            escaped(&format!("{} {} {}", node.kind, node.name, node.dims)),
            x + 8,
            y + 17,
            escaped(&short(&node.kind)),
            x + 8,
            y + 34,
            escaped(&short(&node.dims)),
        );
    }
    text.push_str("</svg>\n");
    text
}

/// Cuts a text to the width of a box.
fn short(text: &str) -> String {
    if text.chars().count() <= 30 {
        return text.to_owned();
    }
    text.chars().take(29).chain(['…']).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
