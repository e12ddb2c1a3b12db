//! Statements over many rows at once. Each costs one hand-over to the database instead of one per row, and comes in a
//! few fixed sizes, so that all of them stay prepared.

use std::sync::{Arc, OnceLock};

use super::{Arg, Dialect, Sql};

/// Rows per statement, largest first. Any number of rows is a sum of a few of these.
const SIZES: [usize; 6] = [1024, 256, 64, 16, 4, 1];

/// A statement with a list of rows in the middle: `head (…), (…), … tail`.
pub(crate) struct Bulk {
    pub(crate) head: &'static str,
    /// One row: `?` stands for the row's own values in order, `$1`, `$2` … for values shared by all rows, which `head`
    /// and `tail` may use too.
    pub(crate) row: &'static str,
    pub(crate) tail: &'static str,
    /// By engine, and by whether the tail is left out.
    texts: [[[OnceLock<Arc<str>>; SIZES.len()]; 2]; 2],
}

impl Bulk {
    pub(crate) const fn new(head: &'static str, row: &'static str, tail: &'static str) -> Self {
        Self {
            head,
            row,
            tail,
            texts: [const { [const { [const { OnceLock::new() }; SIZES.len()] }; 2] }; 2],
        }
    }

    /// The statements that together handle all rows, each with its arguments. `values` are the rows' own values, row
    /// after row.
    pub(crate) fn rows(
        &'static self,
        dialect: Dialect,
        shared: Vec<Arg>,
        values: Vec<Arg>,
    ) -> impl Iterator<Item = (Sql, Vec<Arg>)> {
        self.chunks(dialect, true, shared, values)
    }

    /// Like [`Bulk::rows`], without the tail: for rows that are known to be new, where `ON CONFLICT` would only cost.
    /// (SQLite guards such a statement by a copy of every page it is about to change.)
    pub(crate) fn new_rows(
        &'static self,
        dialect: Dialect,
        shared: Vec<Arg>,
        values: Vec<Arg>,
    ) -> impl Iterator<Item = (Sql, Vec<Arg>)> {
        self.chunks(dialect, false, shared, values)
    }

    fn chunks(
        &'static self,
        dialect: Dialect,
        with_tail: bool,
        shared: Vec<Arg>,
        values: Vec<Arg>,
    ) -> impl Iterator<Item = (Sql, Vec<Arg>)> {
        let width = self.width();
        debug_assert_eq!(values.len() % width, 0, "rows are complete");
        let mut values = values.into_iter();
        std::iter::from_fn(move || {
            let left = values.len() / width;
            let (index, size) = SIZES.into_iter().enumerate().find(|&(_, size)| size <= left)?;
            let mut args = Vec::with_capacity(size * width + shared.len());
            args.extend(values.by_ref().take(size * width));
            args.extend(shared.iter().cloned());
            Some((self.text(dialect, with_tail, index), args))
        })
    }

    /// The statements that together look up `values`, one value a row. The last is filled up by repeating a value, so
    /// this is only for conditions such as `IN`.
    pub(crate) fn lookup(
        &'static self,
        dialect: Dialect,
        shared: Vec<Arg>,
        mut values: Vec<Arg>,
    ) -> impl Iterator<Item = (Sql, Vec<Arg>)> {
        if let Some(last) = values.last().cloned() {
            // Repetitions cost next to nothing: the database drops them before it looks.
            let fitting = SIZES.into_iter().rev().find(|&size| size >= values.len());
            values.resize(fitting.unwrap_or_else(|| values.len().next_multiple_of(SIZES[0])), last);
        }
        self.rows(dialect, shared, values)
    }

    /// How many values of its own a row has.
    fn width(&self) -> usize {
        self.row.matches('?').count()
    }

    fn text(&'static self, dialect: Dialect, with_tail: bool, index: usize) -> Sql {
        let text = self.texts[dialect as usize][usize::from(with_tail)][index]
            .get_or_init(|| self.build(dialect, with_tail, SIZES[index]).into());
        Sql::Built(Arc::clone(text))
    }

    /// The rows' own values come first in the arguments, the shared ones last. On SQLite the rows' own placeholders
    /// stay anonymous: the driver asks for the name of each parameter at each execution, and SQLite finds a name by
    /// walking the list of all names, which takes quadratic time when there are hundreds.
    fn build(&self, dialect: Dialect, with_tail: bool, rows: usize) -> String {
        let own_total = self.width() * rows;
        let mut text = shift_shared(self.head, own_total);
        if dialect == Dialect::Sqlite {
            // A statement that fails need not be undone by itself: its transaction is given up. So SQLite need not copy
            // every page that the statement is about to change.
            text = text.replacen("INSERT INTO", "INSERT OR FAIL INTO", 1).replacen(
                "UPDATE ",
                "UPDATE OR FAIL ",
                1,
            );
        }
        let row = shift_shared(self.row, own_total);
        let mut own = 0;
        for index in 0..rows {
            if index > 0 {
                text.push_str(", ");
            }
            for character in row.chars() {
                text.push(character);
                if character == '?' && dialect == Dialect::Postgres {
                    own += 1;
                    text.pop();
                    text.push('$');
                    text.push_str(&own.to_string());
                }
            }
        }
        if with_tail {
            text.push_str(&shift_shared(self.tail, own_total));
        }
        text
    }

    /// One text per size, and per size without the tail where that makes sense, for the test that prepares every
    /// statement.
    #[cfg(test)]
    pub(crate) fn all_texts(&self, dialect: Dialect) -> Vec<String> {
        let mut texts: Vec<String> = SIZES.into_iter().map(|size| self.build(dialect, true, size)).collect();
        if self.tail.contains("ON CONFLICT") {
            texts.extend(SIZES.into_iter().map(|size| self.build(dialect, false, size)));
        }
        texts
    }
}

/// Declares bulk statements and lists them for the test that prepares each on both engines.
macro_rules! bulks {
    ($($(#[$doc:meta])* $name:ident = $head:expr, $row:expr, $tail:expr;)*) => {
        $($(#[$doc])* pub(crate) static $name: crate::db::Bulk = crate::db::Bulk::new($head, $row, $tail);)*

        /// Every bulk statement of this module, by name.
        #[cfg(test)]
        pub(crate) static BULKS: &[(&str, &crate::db::Bulk)] = &[$((stringify!($name), &$name)),*];
    };
}
pub(crate) use bulks;

/// Moves every `$n` up by `by`.
fn shift_shared(text: &str, by: usize) -> String {
    let mut shifted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = rest[at + 1..=at + digits].parse().unwrap_or(0);
        shifted.push_str(&rest[..=at]);
        shifted.push_str(&(number + by).to_string());
        rest = &rest[at + 1 + digits..];
    }
    shifted.push_str(rest);
    shifted
}
