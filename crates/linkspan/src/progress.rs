//! Shows how the reading of a source goes: a bar for each stream in a terminal, plain lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use linkspan_engine::progress::{Phase, ProgressBoard, StreamProgress};
use linkspan_engine::{Estimate, LimitedBy};
use linkspan_model::ids::SourceId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::console;
use crate::output::{grouped, note};

/// Bars are redrawn no more often than this.
const REDRAW_EVERY: Duration = Duration::from_millis(100);
/// A running stream gets a plain line this often.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Display {
    /// Bars on a terminal.
    Bars,
    /// A line now and then.
    Lines,
    /// Not at all: another program reads our line.
    Nothing,
}

impl Display {
    /// Bars where somebody watches; without a terminal lines, unless a program reads the result.
    pub(crate) fn suitable(for_program: bool) -> Self {
        match (console::is_watched(), for_program) {
            (true, _) => Self::Bars,
            (false, false) => Self::Lines,
            (false, true) => Self::Nothing,
        }
    }
}

/// Shows the streams of a source until `done` is cancelled, and once more after that.
pub(crate) async fn follow(
    board: ProgressBoard,
    source: SourceId,
    label: &'static str,
    display: Display,
    done: CancellationToken,
) {
    let mut changes = board.subscribe();
    let mut rows = Rows::new(label, display);
    loop {
        let is_last = done.is_cancelled();
        rows.show(&board.of(source), board.estimate_of(source).as_ref());
        if is_last {
            return;
        }
        tokio::select! {
            () = done.cancelled() => continue,
            woken = changes.changed() => if woken.is_err() { return },
        }
        tokio::select! {
            () = done.cancelled() => {}
            () = tokio::time::sleep(REDRAW_EVERY) => {}
        }
    }
}

enum Rows {
    Bars { label: &'static str, bars: Vec<(&'static str, Bar)> },
    Lines { label: &'static str, lines: Vec<(&'static str, LineState)> },
    Nothing,
}

/// The bar of one stream.
struct Bar {
    bar: ProgressBar,
    is_running: bool,
}

/// What the plain lines of one stream have said.
struct LineState {
    is_ended: bool,
    said_at: Instant,
}

impl Rows {
    fn new(label: &'static str, display: Display) -> Self {
        match display {
            Display::Bars => Self::Bars { label, bars: Vec::new() },
            Display::Lines => Self::Lines { label, lines: Vec::new() },
            Display::Nothing => Self::Nothing,
        }
    }

    fn show(&mut self, streams: &[StreamProgress], estimate: Option<&Estimate>) {
        match self {
            Self::Bars { label, bars } => {
                for stream in streams {
                    draw(bar_of(bars, label, stream.stream), stream, estimate);
                }
            }
            Self::Lines { label, lines } => {
                for stream in streams {
                    say(lines, label, stream, estimate);
                }
            }
            Self::Nothing => {}
        }
    }
}

fn bar_of<'a>(bars: &'a mut Vec<(&'static str, Bar)>, label: &str, stream: &'static str) -> &'a mut Bar {
    let place = bars.iter().position(|(name, _)| *name == stream).unwrap_or_else(|| {
        let bar = console::bars().add(ProgressBar::no_length());
        bar.set_prefix(format!("{label} {stream}"));
        bar.set_style(style("  {prefix:26.dim}"));
        bars.push((stream, Bar { bar, is_running: false }));
        bars.len() - 1
    });
    &mut bars[place].1
}

fn draw(Bar { bar, is_running }: &mut Bar, stream: &StreamProgress, estimate: Option<&Estimate>) {
    if bar.is_finished() {
        return;
    }
    if !*is_running && stream.phase != Phase::Waiting {
        // Time and rate count from here, not from when the stream was announced.
        *is_running = true;
        bar.reset_elapsed();
        bar.reset_eta();
    }
    bar.set_position(stream.done);
    match &stream.phase {
        Phase::Waiting => bar.tick(),
        Phase::Running => {
            if let Some(expected) = stream.expected.filter(|expected| *expected > 0) {
                bar.set_length(expected.max(stream.done));
                bar.set_message(estimate.map(in_words).unwrap_or_default());
                bar.set_style(style(
                    "{spinner} {prefix:26} {bar:30.cyan/dim} {human_pos:>9} of {human_len} {rate:.dim} {msg:.dim}",
                ));
            } else {
                bar.set_style(style("{spinner} {prefix:26} {human_pos:>40} {rate:.dim}"));
            }
            bar.tick();
        }
        Phase::Done => {
            bar.set_style(style("✓ {prefix:26} {human_pos:>40}  in {elapsed}"));
            bar.finish();
        }
        Phase::Failed(why) => {
            bar.set_style(style("✗ {prefix:26.red} {human_pos:>40}  {msg}"));
            bar.abandon_with_message(why.clone());
        }
        Phase::Skipped(why) => {
            bar.set_style(style("- {prefix:26.dim} {msg}"));
            bar.abandon_with_message(why.clone());
        }
    }
}

/// What a first reading still takes.
fn in_words(estimate: &Estimate) -> String {
    let points = grouped(estimate.points_needed);
    let until = match (estimate.finishes_at, estimate.limited_by) {
        (None, _) => String::new(),
        (Some(at), LimitedBy::Speed) => format!(", until about {}", at.strftime("%H:%M UTC")),
        (Some(at), LimitedBy::Quota) => {
            format!(", until about {} by the hourly quota", at.strftime("%F %H:%M UTC"))
        }
    };
    format!("{:.0} %, {points} points to go{until}", estimate.percent)
}

fn style(template: &'static str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A bar that cannot be written shows nothing; that is no failure.
            let _ = write!(out, "{:.0}/s", state.per_sec());
        })
        .progress_chars("━━─")
}

fn say(
    lines: &mut Vec<(&'static str, LineState)>,
    label: &str,
    stream: &StreamProgress,
    estimate: Option<&Estimate>,
) {
    let now = Instant::now();
    let place = lines.iter().position(|(name, _)| *name == stream.stream).unwrap_or_else(|| {
        lines.push((stream.stream, LineState { is_ended: false, said_at: now }));
        lines.len() - 1
    });
    let state = &mut lines[place].1;
    if state.is_ended {
        return;
    }
    let done = grouped(stream.done);
    let text = match &stream.phase {
        Phase::Waiting => return,
        Phase::Running if now < state.said_at + LINE_EVERY => return,
        Phase::Running => match stream.expected {
            Some(expected) => {
                let all = grouped(expected.max(stream.done));
                match estimate {
                    Some(estimate) => format!("{done} of {all}; {}", in_words(estimate)),
                    None => format!("{done} of {all}"),
                }
            }
            None => done,
        },
        Phase::Done => format!("{done} read"),
        Phase::Failed(why) => format!("failed: {why}"),
        Phase::Skipped(why) => format!("not read: {why}"),
    };
    state.is_ended = stream.phase != Phase::Running;
    state.said_at = now;
    note(&format!("{label} {}: {text}", stream.stream));
}
