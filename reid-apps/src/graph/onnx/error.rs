use thiserror::Error;

/// Says why a graph cannot be built.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// Two nodes or tensors of one graph would have the same name.
    #[error("node {name}: the name is used twice in the graph; give each node and tensor its own")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// An operator does not fit its inputs.
    #[error("node {node}: found {found}, wanted {wanted}; check the sizes of the layer before it")]
    Shape {
        /// The node, by its name.
        node: String,
        /// What came in.
        found: String,
        /// What the operator takes.
        wanted: String,
    },
    /// A value does not belong to this builder.
    #[error("node {node}: an input comes from another graph; use the values this builder returned")]
    ForeignValue {
        /// The node, by its name.
        node: String,
    },
    /// A graph without inputs or outputs.
    #[error("graph {graph}: found no {what}, wanted at least one; call the builder's `{what}`")]
    Empty {
        /// The graph's name.
        graph: String,
        /// `input` or `output`.
        what: &'static str,
    },
}
