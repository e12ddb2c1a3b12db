//! `linkspan keys`: makes keys.

use std::process::ExitCode;

use linkspan_model::entropy::Entropy;
use linkspan_vault::KeyRing;

use crate::cli::Keys;
use crate::output;

pub(crate) fn run(command: &Keys) -> anyhow::Result<ExitCode> {
    match command {
        Keys::Generate => {
            let ring = KeyRing::generate(&Entropy::system());
            output::text(&format!("{}\n", ring.to_text().expose()))?;
            output::note(
                "Keep it apart from the data it protects: without it nothing sealed can be opened again.",
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
