//! The inlines of one leaf block.
//!
//! Emphasis in Markdown is fragile: whether `**` opens or closes depends on its neighbours. The writer uses delimiters
//! where they are certain to be read as meant, and the equivalent HTML tags elsewhere (`a<strong>(b)</strong>c`).

use super::super::document::{Document, Event, Inline, Marks, Media};
use super::escape::{self, Context};

const DELIMITED: u8 = Marks::STRIKE | Marks::STRONG | Marks::EM;

/// The marks from the outermost to the innermost, inside the link: delimiter (if it has one), start and end tag.
const ORDER: [(u8, &str, &str, &str); 6] = [
    (Marks::STRIKE, "~~", "<s>", "</s>"),
    (Marks::UNDERLINE, "", "<u>", "</u>"),
    (Marks::SUB, "", "<sub>", "</sub>"),
    (Marks::SUP, "", "<sup>", "</sup>"),
    (Marks::STRONG, "**", "<strong>", "</strong>"),
    (Marks::EM, "*", "<em>", "</em>"),
];
const STRONG: usize = 4;
const EM: usize = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Word,
    Code,
    Break,
    Other,
}

/// A part of an inline, such that emphasis starts and ends at words.
pub(crate) struct Piece {
    kind: Kind,
    flags: u8,
    link: u32,
    /// The inline's place in the leaf, and the part of its text.
    inline: usize,
    start: usize,
    end: usize,
}

/// Where the inlines stand.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    Paragraph { prefix: &'p str },
    Heading,
    Cell,
}

/// Splits a leaf's inlines; without blanks at the ends.
pub(super) fn split(inlines: &[Event<'_>], pieces: &mut Vec<Piece>) {
    pieces.clear();
    for (place, event) in inlines.iter().enumerate() {
        let Event::Inline(inline, marks) = event else { continue };
        let mut piece = Piece {
            kind: Kind::Other,
            flags: marks.flags & !Marks::CODE,
            link: marks.link,
            inline: place,
            start: 0,
            end: 0,
        };
        match inline {
            Inline::Text(text) => {
                piece.end = text.len();
                if marks.has(Marks::CODE) {
                    piece.kind = Kind::Code;
                } else {
                    let start = text.len() - text.trim_start().len();
                    let end = start + text[start..].trim_end().len();
                    if start == text.len() {
                        piece.kind = Kind::Blank;
                    } else {
                        piece.kind = Kind::Word;
                        if marks.flags & DELIMITED != 0 {
                            push_part(pieces, &piece, Kind::Blank, 0, start);
                            push_part(pieces, &piece, Kind::Word, start, end);
                            push_part(pieces, &piece, Kind::Blank, end, text.len());
                            continue;
                        }
                    }
                }
            }
            Inline::Break => piece.kind = Kind::Break,
            Inline::Card { .. } => piece.link = 0,
            Inline::Media(media) if !media.image => piece.link = 0,
            _ => {}
        }
        pieces.push(piece);
    }
    let is_blank = |piece: &Piece| matches!(piece.kind, Kind::Blank | Kind::Break);
    while pieces.last().is_some_and(is_blank) {
        pieces.pop();
    }
    let blanks = pieces.iter().take_while(|piece| is_blank(piece)).count();
    pieces.drain(..blanks);
    // A blank keeps the emphasis that both its sides have.
    let mut kept = 0;
    for piece in pieces.iter_mut() {
        if is_blank(piece) {
            piece.flags &= kept | !DELIMITED;
        }
        kept = piece.flags;
    }
    kept = 0;
    for piece in pieces.iter_mut().rev() {
        if is_blank(piece) {
            piece.flags &= kept | !DELIMITED;
        }
        kept = piece.flags;
    }
}

fn push_part(pieces: &mut Vec<Piece>, whole: &Piece, kind: Kind, start: usize, end: usize) {
    if start < end {
        pieces.push(Piece { kind, flags: whole.flags, link: whole.link, inline: whole.inline, start, end });
    }
}

/// Writes the pieces of the leaf whose inlines start at `leaf`.
pub(super) fn write(
    out: &mut String,
    pieces: &[Piece],
    document: &Document<'_>,
    leaf: usize,
    place: Place<'_>,
) {
    let line_start = matches!(place, Place::Paragraph { .. });
    let mut writer = Writer {
        line: out.len(),
        out,
        pieces,
        inlines: &document.events[leaf..],
        document,
        place,
        line_start,
        open: [Style::Closed; ORDER.len()],
        link: 0,
        closed_at: usize::MAX,
    };
    let mut next = 0;
    while next < pieces.len() {
        writer.set_marks(Some(next));
        next = writer.piece(next);
    }
    writer.set_marks(None);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Closed,
    Delimiter,
    Tag,
}

struct Writer<'w, 'd> {
    out: &'w mut String,
    pieces: &'w [Piece],
    inlines: &'d [Event<'d>],
    document: &'d Document<'d>,
    place: Place<'w>,
    /// Where the text of the current line starts.
    line: usize,
    /// Whether only blanks and markers stand on the line so far.
    line_start: bool,
    open: [Style; ORDER.len()],
    link: u32,
    /// Where the last closing delimiter ended: an opening one must not follow it directly.
    closed_at: usize,
}

impl<'d> Writer<'_, 'd> {
    fn inline(&self, piece: &Piece) -> Option<&'d Inline<'d>> {
        match self.inlines.get(piece.inline) {
            Some(Event::Inline(inline, _)) => Some(inline),
            _ => None,
        }
    }

    fn text(&self, piece: &Piece) -> &'d str {
        match self.inline(piece) {
            Some(Inline::Text(text)) => &text[piece.start..piece.end],
            _ => "",
        }
    }

    /// Writes the piece (and those that form one code span with it); returns the next one's place.
    fn piece(&mut self, place: usize) -> usize {
        let piece = &self.pieces[place];
        match piece.kind {
            Kind::Blank | Kind::Word => {
                let mut text = self.text(piece);
                if self.line_start {
                    text = text.trim_start_matches([' ', '\t']);
                }
                if text.is_empty() {
                    return place + 1;
                }
                let context = Context {
                    line_start: self.line_start,
                    before_bracket: self.bracket_follows(place),
                    after_digits: self.after_digits(),
                    ..self.context()
                };
                escape::text(self.out, text, context);
                self.line_start = false;
            }
            Kind::Break => {
                if let Place::Paragraph { prefix } = self.place {
                    self.out.push_str("\\\n");
                    self.out.push_str(prefix);
                    self.line = self.out.len();
                    self.line_start = true;
                } else {
                    self.out.push_str("<br>");
                }
            }
            Kind::Code => return self.code(place),
            Kind::Other => {
                if let Some(inline) = self.inline(piece) {
                    self.other(inline, self.bracket_follows(place));
                    self.line_start = false;
                }
            }
        }
        place + 1
    }

    fn code(&mut self, first: usize) -> usize {
        let piece = &self.pieces[first];
        let same = |other: &&Piece| {
            other.kind == Kind::Code && other.flags == piece.flags && other.link == piece.link
        };
        let count = self.pieces[first..].iter().take_while(same).count();
        if count == 1 {
            escape::code(self.out, self.text(piece), self.in_cell());
        } else {
            let code: String =
                self.pieces[first..first + count].iter().map(|piece| self.text(piece)).collect();
            escape::code(self.out, &code, self.in_cell());
        }
        self.line_start = false;
        first + count
    }

    fn other(&mut self, inline: &Inline<'_>, before_bracket: bool) {
        let context = Context { before_bracket, ..self.context() };
        match inline {
            Inline::Date(date) => self.out.push_str(date),
            Inline::Status { text, .. } if !text.is_empty() => escape::code(self.out, text, self.in_cell()),
            Inline::Note(note) => escape::text(self.out, note, context),
            Inline::Card { url, title } => {
                let title = title.as_ref().filter(|title| !title.trim().is_empty()).unwrap_or(url);
                self.labelled("[", title, url);
            }
            Inline::Media(media) => self.media(media),
            other => escape::text(self.out, other.spoken(), context),
        }
    }

    fn media(&mut self, media: &Media<'_>) {
        let bracket = if media.image { "![" } else { "[" };
        match (&media.url, &media.reference) {
            (Some(url), _) => self.labelled(bracket, &media.name, url),
            (None, Some(reference)) => {
                let target = format!("attachment:{}", reference.replace(char::is_whitespace, "%20"));
                self.labelled(bracket, &media.name, &target);
            }
            (None, None) => escape::text(self.out, &media.name, self.context()),
        }
    }

    fn labelled(&mut self, bracket: &str, label: &str, target: &str) {
        self.out.push_str(bracket);
        escape::text(self.out, label, Context { link: true, ..self.context() });
        self.out.push_str("](");
        escape::target(self.out, target, self.in_cell());
        self.out.push(')');
    }

    fn context(&self) -> Context {
        Context {
            cell: self.in_cell(),
            heading: matches!(self.place, Place::Heading),
            link: self.link != 0,
            ..Context::default()
        }
    }

    fn in_cell(&self) -> bool {
        matches!(self.place, Place::Cell)
    }

    fn after_digits(&self) -> bool {
        let line = &self.out[self.line..];
        !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn bracket_follows(&self, place: usize) -> bool {
        self.pieces.get(place + 1).is_some_and(|next| {
            next.link != self.pieces[place].link
                || matches!(self.inline(next), Some(Inline::Card { .. } | Inline::Media(_) | Inline::Note(_)))
        })
    }

    /// Closes and opens marks so that exactly those of the piece at `place` are open.
    fn set_marks(&mut self, place: Option<usize>) {
        let (flags, link) = place.map_or((0, 0), |place| (self.pieces[place].flags, self.pieces[place].link));
        let first = if self.link == link {
            let differs =
                |level: &usize| (self.open[*level] != Style::Closed) != (flags & ORDER[*level].0 != 0);
            (0..ORDER.len()).find(differs).unwrap_or(ORDER.len())
        } else {
            0
        };
        for level in (first..ORDER.len()).rev() {
            let (_, delimiter, _, end) = ORDER[level];
            match std::mem::replace(&mut self.open[level], Style::Closed) {
                Style::Closed => {}
                Style::Delimiter => {
                    self.out.push_str(delimiter);
                    self.closed_at = self.out.len();
                }
                Style::Tag => self.out.push_str(end),
            }
        }
        if self.link != link {
            if let Some(link) = self.document.link(Marks { link: self.link, ..Marks::default() }) {
                self.out.push_str("](");
                escape::target(self.out, &link.href, self.in_cell());
                self.out.push(')');
            }
            self.link = link;
            if link != 0 {
                self.out.push('[');
                self.line_start = false;
            }
        }
        if let Some(place) = place {
            self.open_marks(first, place);
        }
    }

    fn open_marks(&mut self, first: usize, place: usize) {
        let before = if self.line_start { ' ' } else { self.out.chars().next_back().unwrap_or(' ') };
        let after_closing = self.closed_at == self.out.len();
        for (level, &(flag, delimiter, tag, _)) in ORDER.iter().enumerate().skip(first) {
            if self.pieces[place].flags & flag == 0 {
                continue;
            }
            let delimit =
                !delimiter.is_empty() && !after_closing && self.is_certain(level, first, place, before);
            self.open[level] = if delimit { Style::Delimiter } else { Style::Tag };
            self.out.push_str(if delimit { delimiter } else { tag });
            self.line_start = false;
        }
    }

    /// Whether delimiters of this level, opened before the piece at `place`, are sure to be read as meant.
    fn is_certain(&self, level: usize, first: usize, place: usize, before: char) -> bool {
        let end = self.span_end(level, place);
        let inner = |piece: &Piece| ORDER[level + 1..].iter().any(|(flag, ..)| piece.flags & flag != 0);
        let (start_piece, end_piece) = (&self.pieces[place], &self.pieces[end]);
        let opens_behind_tag = ORDER[first..level].iter().any(|(flag, ..)| start_piece.flags & flag != 0)
            && !(level == EM && self.open[STRONG] == Style::Delimiter);
        let before = if opens_behind_tag { '>' } else { before };
        let starts_with = if inner(start_piece) { '<' } else { self.first_character(start_piece) };
        let ends_with = if inner(end_piece) { '>' } else { self.last_character(end_piece) };
        let after = match self.pieces.get(end + 1) {
            Some(next) if next.link != end_piece.link => '[',
            Some(next) => self.first_character(next),
            None => ' ',
        };
        // Two kinds of asterisks meet: stay clear of the rule about lengths that are multiples of three.
        if level == EM
            && self.open[STRONG] == Style::Delimiter
            && (before.is_alphanumeric() || after.is_alphanumeric())
        {
            return false;
        }
        // Next to a blank, on its inner side, a delimiter is none: the span was cut where an outer mark changes.
        if starts_with.is_whitespace() || ends_with.is_whitespace() {
            return false;
        }
        (starts_with.is_alphanumeric() || before.is_whitespace())
            && (ends_with.is_alphanumeric() || after.is_whitespace())
    }

    /// The last piece up to which nothing changes at this level or outside of it.
    fn span_end(&self, level: usize, place: usize) -> usize {
        let outer = ORDER[..=level].iter().fold(0, |flags, (flag, ..)| flags | flag);
        let piece = &self.pieces[place];
        let same = |other: &&Piece| other.link == piece.link && other.flags & outer == piece.flags & outer;
        place + self.pieces[place..].iter().take_while(same).count().saturating_sub(1)
    }

    fn first_character(&self, piece: &Piece) -> char {
        match piece.kind {
            Kind::Blank | Kind::Break => ' ',
            Kind::Word => self.text(piece).chars().next().unwrap_or(' '),
            Kind::Code | Kind::Other => '`',
        }
    }

    fn last_character(&self, piece: &Piece) -> char {
        match piece.kind {
            Kind::Blank | Kind::Break => ' ',
            Kind::Word => self.text(piece).chars().next_back().unwrap_or(' '),
            Kind::Code | Kind::Other => '`',
        }
    }
}
