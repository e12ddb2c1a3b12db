//! Table rows: `||heading||` and `|cell|`.

use super::super::document::{Block, Inline};
use super::{Reader, Row};

impl Reader<'_, '_> {
    /// Starts a row if the line is one. `line` is the line without its indentation.
    pub(super) fn start_row(&mut self, line: &str, indentation: usize) -> bool {
        // A single bar is a bar.
        if !line.starts_with('|') || !line[1..].trim_start_matches('|').contains('|') {
            return false;
        }
        self.break_due = false;
        if !self.frame().table {
            self.end_blocks();
            self.builder.open(Block::Table);
            self.frame().table = true;
        }
        self.builder.open(Block::Row);
        self.table = Some(Row { cell: false });
        self.place += indentation;
        self.bar();
        true
    }

    /// Steps over the bar or bars that stand here and starts the cell behind them.
    pub(super) fn bar(&mut self) {
        let header = self.rest().starts_with("||");
        self.place += if header { 2 } else { 1 };
        self.marks.flags = 0;
        let last = self.line().trim().is_empty();
        let Some(row) = &mut self.table else { return };
        if std::mem::replace(&mut row.cell, !last) {
            self.builder.close();
        }
        if last {
            self.place += self.line().len();
        } else {
            self.builder.open(Block::Cell { header, columns: 1, rows: 1 });
        }
    }

    /// Ends the row at the end of its line, unless its last cell goes on in the next one.
    pub(super) fn end_row(&mut self) {
        while let Some(Row { cell }) = self.table {
            let next = self.line().trim();
            if cell && !next.is_empty() && !next.starts_with('|') && self.place < self.source.len() {
                self.inline(Inline::Break, self.marks);
                self.inlines();
                self.step_over_line_end();
                continue;
            }
            self.table = None;
            if cell {
                self.builder.close();
            }
            self.builder.close();
        }
    }

    pub(super) fn end_table(&mut self) {
        if std::mem::take(&mut self.frame().table) {
            self.builder.close();
        }
    }
}
