//! The page on which the customer of a linked account consents once more. Looking at it changes nothing, because programs
//! look at the addresses in mails; the button makes the link.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::Response;
use linkspan_engine::link::LinkProblem;
use linkspan_model::ids::LinkedAccountId;
use minijinja::context;
use serde::Deserialize;

use super::handlers::{LinkToken, see_other};
use crate::App;
use crate::params::Params;

/// The longest signature that is looked at; ours are half as long.
const SIGNATURE_CAP: usize = 128;

/// What such an address carries, and its form sends.
#[derive(Deserialize)]
pub(crate) struct Signed {
    expires: i64,
    signature: String,
}

impl Signed {
    fn of(params: &Params) -> Option<Self> {
        let expires = params.text("expires")?.parse().ok()?;
        Some(Self { expires, signature: params.text("signature")?.to_owned() })
    }
}

/// The page behind the address: a button.
pub(crate) async fn consent_page(
    State(app): State<App>,
    LinkToken(account): LinkToken,
    params: Params,
) -> Response {
    match offer_of(&app, &account, Signed::of(&params)).await {
        Ok((account, signed)) => app.pages.render(
            StatusCode::OK,
            "link/consent.html",
            context! {
                vendor => &app.engine.vendor().name,
                account => account.to_string(),
                expires => signed.expires,
                signature => signed.signature,
            },
        ),
        Err(problem) => app.pages.problem(&app.engine.vendor().name, &problem, None),
    }
}

/// Makes the link, and sends the customer to its page with all that the app asks for now.
pub(crate) async fn consent_again(
    State(app): State<App>,
    LinkToken(account): LinkToken,
    form: Result<Form<Signed>, FormRejection>,
) -> Response {
    match link_of(&app, &account, form.ok().map(|Form(signed)| signed)).await {
        Ok(path) => see_other(&path),
        Err(problem) => app.pages.problem(&app.engine.vendor().name, &problem, None),
    }
}

async fn offer_of(
    app: &App,
    account: &str,
    signed: Option<Signed>,
) -> Result<(LinkedAccountId, Signed), LinkProblem> {
    let (account, signed) = readable(account, signed)?;
    app.engine.consent_offer(account, signed.expires, &signed.signature).await?;
    Ok((account, signed))
}

async fn link_of(app: &App, account: &str, signed: Option<Signed>) -> Result<String, LinkProblem> {
    let (account, signed) = readable(account, signed)?;
    let token = app.engine.consent_again(account, signed.expires, &signed.signature).await?;
    Ok(format!("/link/{}", token.expose()))
}

/// The account and the signature, as far as they can be read.
fn readable(account: &str, signed: Option<Signed>) -> Result<(LinkedAccountId, Signed), LinkProblem> {
    let account = account.parse().map_err(|_| LinkProblem::UnknownLink)?;
    let signed = signed.filter(|it| it.signature.len() <= SIGNATURE_CAP).ok_or(LinkProblem::UnknownLink)?;
    Ok((account, signed))
}
