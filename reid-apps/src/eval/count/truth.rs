//! Which gallery rows are right for a query, and which are set aside.

use std::collections::BTreeMap;

use crate::data::{Label, PersonId};

/// Lists the gallery rows of every person, ascending.
pub(in crate::eval) struct Truth<'a> {
    gallery: &'a [Label],
    rows: BTreeMap<PersonId, Vec<usize>>,
}

impl<'a> Truth<'a> {
    pub(in crate::eval) fn new(gallery: &'a [Label]) -> Self {
        let mut rows = BTreeMap::<_, Vec<usize>>::new();
        for (row, label) in gallery.iter().enumerate() {
            rows.entry(label.id).or_default().push(row);
        }
        Self { gallery, rows }
    }

    pub(in crate::eval) fn gallery(&self) -> &'a [Label] {
        self.gallery
    }

    /// Returns the rows of every person, in the order of their numbers.
    pub(in crate::eval) fn people(&self) -> impl Iterator<Item = (PersonId, &[usize])> {
        self.rows.iter().map(|(id, rows)| (*id, &rows[..]))
    }

    /// Returns the rows that are no wrong answers: the right ones and those set aside.
    pub(in crate::eval) fn same_person(&self, query: Label) -> &[usize] {
        self.rows.get(&query.id).map_or(&[], |rows| &rows[..])
    }

    /// Returns the rows of the right answers.
    pub(in crate::eval) fn right(&self, query: Label) -> impl Iterator<Item = usize> {
        let rows = self.same_person(query).iter().copied();
        rows.filter(move |&row| self.gallery[row].camera != query.camera)
    }
}
