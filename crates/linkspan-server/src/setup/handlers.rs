//! The pages and forms.

use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use linkspan_engine::link::LinkRequest;
use linkspan_engine::read::{AccountFilter, EndUser};
use linkspan_engine::scopes::ScopeSet;
use linkspan_engine::{AppCard, EngineError, NewApp};
use linkspan_model::product::{AppPurpose, Category};
use linkspan_model::secret::Secret;
use minijinja::{Value, context};
use serde::Deserialize;

use super::choice::Choice;
use super::steps::{self, Mark, Marks};
use super::visitor::{TO_DASHBOARD, Visitor, cookie, is_cross_site, is_own_form, no_cookie};
use super::{form_token, render, said};
use crate::App;
use crate::extract::Segment;
use crate::link::see_other;
use crate::params::Params;
use crate::problem::ApiError;

/// How long the link of the first customer works.
const LINK_LIFE: Duration = Duration::from_hours(2);
/// The longest that all checks may take: with those of the steps, which follow, less than a request may.
const CHECKUP_PATIENCE: Duration = Duration::from_secs(35);
/// The longest text of a form.
const TEXT_CAP: usize = 500;

/// What the pages say besides the steps.
#[derive(Default)]
struct Note {
    /// What was wrong with the form that was sent.
    problem: Option<String>,
    /// Client id and scopes in that form, so that they need not be typed again.
    typed: Option<(String, String)>,
    /// The address of a link that was made.
    link: Option<String>,
    /// All checks were asked for.
    checks: Vec<Value>,
}

/// The page behind a set-up address: a button, so that programs which look at addresses do not use it up.
pub(crate) async fn show_entry(State(app): State<App>, Segment(token): Segment, params: Params) -> Response {
    let to = params.text("to").filter(|to| *to == TO_DASHBOARD);
    let values = context! { vendor => &app.engine.vendor().name, token => token, to => to };
    render(&app, StatusCode::OK, "setup/enter.html", values)
}

/// What the entry page sends.
#[derive(Deserialize)]
pub(crate) struct EntryForm {
    token: Option<Secret>,
    api_key: Option<Secret>,
    /// Where to go: the guide, or the dashboard.
    to: Option<String>,
}

/// Exchanges a set-up address or an API key for a session.
pub(crate) async fn enter(
    State(app): State<App>,
    jar: CookieJar,
    headers: HeaderMap,
    form: Result<Form<EntryForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return see_other("/setup") };
    if is_cross_site(&headers) {
        return foreign(&app);
    }
    let to = form.to.as_deref().filter(|to| *to == TO_DASHBOARD);
    let opened = match (&form.token, &form.api_key) {
        (Some(token), _) => app.engine.open_setup(token).await,
        (None, Some(key)) => app.engine.open_setup_with_key(&Secret::new(key.expose().trim())).await,
        (None, None) => return see_other("/setup"),
    };
    match opened {
        Ok(Some(session)) => {
            let target = if to.is_some() { "/" } else { "/setup" };
            (jar.add(cookie(&app, &session)), see_other(target)).into_response()
        }
        Ok(None) if form.token.is_some() => said(
            &app,
            StatusCode::GONE,
            "This address has been used or has expired",
            "It opens the set-up guide and the dashboard once, within a day.",
            "Make another with `linkspan app setup-url`, or open /setup and enter an API key.",
            "setup_address_used",
        ),
        Ok(None) => {
            let values = context! {
                vendor => &app.engine.vendor().name, to => to, problem => "The API key is unknown or revoked.",
            };
            render(&app, StatusCode::UNAUTHORIZED, "setup/enter.html", values)
        }
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// What every form of a session sends.
#[derive(Deserialize)]
pub(crate) struct PlainForm {
    form_token: String,
}

/// Ends the session.
pub(crate) async fn leave(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    headers: HeaderMap,
    form: Result<Form<PlainForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return see_other("/setup") };
    if !is_own_form(&app, &visitor, &headers, &form.form_token) {
        return foreign(&app);
    }
    match app.engine.close_setup(&visitor.0).await {
        Ok(()) => (jar.remove(no_cookie()), see_other("/setup")).into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// The walk.
pub(crate) async fn page(State(app): State<App>, visitor: Visitor, params: Params) -> Response {
    let mut note = Note::default();
    if params.text("check").is_some() {
        match app.engine.checkup(Vec::new(), CHECKUP_PATIENCE).await {
            Ok(findings) => note.checks = findings.iter().map(steps::finding).collect(),
            Err(error) => return ApiError::from(error).into_response(),
        }
    }
    walk(&app, &visitor, &params, StatusCode::OK, note).await
}

async fn walk(app: &App, visitor: &Visitor, params: &Params, status: StatusCode, note: Note) -> Response {
    match values(app, visitor, params, note).await {
        Ok(values) => render(app, status, "setup/walk.html", values),
        Err(error) => ApiError::from(error).into_response(),
    }
}

async fn values(app: &App, visitor: &Visitor, params: &Params, note: Note) -> Result<Value, EngineError> {
    let engine = &app.engine;
    let choice = Choice::of(params, engine.features());
    let cards = engine.app_cards().await?;
    let own = cards.iter().find(|card| card.purpose == choice.purpose);
    let serving = own.or_else(|| cards.iter().find(|card| card.purpose == AppPurpose::All));
    let findings = match serving {
        Some(_) => Some(engine.examine_app_of(choice.purpose).await?),
        None => None,
    };
    let marks = Marks::of(findings.as_deref());
    let linked = engine.linked_accounts(&AccountFilter::default(), None, 1).await?;
    let link_mark = linked.first().map(|account| {
        Mark::good(&format!("{} is linked.", account.account.end_user.organization_name)).shown()
    });
    let public_url = &engine.vendor().public_url;
    let models = choice.models_flag(engine.features());
    let is_saved = params.text("saved").is_some();
    let proposed = choice.list().set();
    let (client_id, asked) = match (note.typed, own) {
        (Some(typed), _) => typed,
        // A new secret for an app changes nothing of what it asks for, unless the visitor wants that.
        (None, Some(own)) if is_saved || !choice.is_made => (own.client_id.clone(), own.scopes.join(" ")),
        (None, own) => (own.map(|own| own.client_id.clone()).unwrap_or_default(), proposed.joined()),
    };
    let also: Vec<&str> = cards
        .iter()
        .filter(|card| own.is_some_and(|own| own.client_id == card.client_id && own.purpose != card.purpose))
        .map(|card| card.purpose.display_name())
        .collect();
    Ok(context! {
        vendor => &engine.vendor().name,
        form_token => form_token(app, visitor),
        console => engine.console_url().as_str(),
        on_sandbox => engine.is_on_sandbox(),
        choice => choice.shown(),
        scopes => choice.scopes_shown(),
        models_flag => models,
        callback => engine.callback_url(),
        public_url => public_url.as_str().trim_end_matches('/'),
        is_https => public_url.scheme() == "https",
        client_id => client_id,
        asked => &asked,
        propose => (ScopeSet::parse(&asked) != proposed).then(|| choice.query_made(choice.purpose)),
        also => also.join(", "),
        own => own.map(card),
        serving => serving.map(card),
        cards => cards.iter().map(card).collect::<Vec<_>>(),
        marks => context! {
            create => marks.create.shown(),
            permissions => marks.permissions.shown(),
            authorization => marks.authorization.shown(),
            credentials => marks.credentials.shown(),
            link => link_mark,
        },
        checks => note.checks,
        problem => note.problem,
        link => note.link,
        saved => is_saved,
    })
}

fn card(card: &AppCard) -> Value {
    context! {
        name => card.purpose.display_name(),
        client_id => &card.client_id,
        last_four => &card.secret_last_four,
        scopes => card.scopes.len(),
    }
}

/// What step 5 sends.
#[derive(Deserialize)]
pub(crate) struct AppForm {
    form_token: String,
    app: String,
    client_id: String,
    client_secret: Secret,
    scopes: String,
    /// The choice that the page was shown with.
    choice: String,
}

/// Keeps client id and secret of an app. The secret goes in and never comes out.
pub(crate) async fn save_app(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<AppForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return see_other("/setup") };
    if !is_own_form(&app, &visitor, &headers, &form.form_token) {
        return foreign(&app);
    }
    let Ok(purpose) = form.app.parse::<AppPurpose>() else { return see_other("/setup") };
    let secret = form.client_secret.expose().trim();
    let typed = (form.client_id.clone(), form.scopes.clone());
    let new = NewApp {
        client_id: form.client_id.trim().to_owned(),
        client_secret: (!secret.is_empty()).then(|| Secret::new(secret)),
        redirect_uri: app.engine.callback_url(),
        name: purpose.display_name().to_owned(),
        scopes: form.scopes.split_whitespace().map(str::to_owned).collect(),
    };
    let params = Params::parse(&form.choice);
    match app.engine.assign_app(purpose, new).await {
        Ok(_) => {
            let query = Choice::of(&params, app.engine.features()).query(purpose);
            see_other(&format!("/setup?{query}&saved=1#credentials"))
        }
        Err(EngineError::Invalid(problem)) => {
            let note = Note { problem: Some(problem), typed: Some(typed), ..Note::default() };
            walk(&app, &visitor, &params, StatusCode::BAD_REQUEST, note).await
        }
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// What the button that removes an app sends.
#[derive(Deserialize)]
pub(crate) struct RemoveForm {
    form_token: String,
    app: String,
}

/// Removes the app of an integration.
pub(crate) async fn remove_app(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<RemoveForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return see_other("/setup") };
    if !is_own_form(&app, &visitor, &headers, &form.form_token) {
        return foreign(&app);
    }
    let Ok(purpose) = form.app.parse::<AppPurpose>() else { return see_other("/setup") };
    match app.engine.unassign_app(purpose).await {
        Ok(_) => see_other(&format!("/setup?app={purpose}#credentials")),
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// What step 7 sends.
#[derive(Deserialize)]
pub(crate) struct LinkForm {
    form_token: String,
    origin_id: String,
    organization: String,
    email: String,
    choice: String,
}

/// Makes a link for the first customer.
pub(crate) async fn link(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Result<Form<LinkForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return see_other("/setup") };
    if !is_own_form(&app, &visitor, &headers, &form.form_token) {
        return foreign(&app);
    }
    let params = Params::parse(&form.choice);
    let is_fit = |text: &String| !text.trim().is_empty() && text.len() <= TEXT_CAP;
    if ![&form.origin_id, &form.organization, &form.email].into_iter().all(is_fit) {
        let note =
            Note { problem: Some("Fill in all three fields of step 7.".to_owned()), ..Note::default() };
        return walk(&app, &visitor, &params, StatusCode::BAD_REQUEST, note).await;
    }
    let purpose = Choice::of(&params, app.engine.features()).purpose;
    let integration = match purpose {
        AppPurpose::Integration(integration) => Some(integration),
        AppPurpose::All | AppPurpose::Identity => None,
    };
    let request = LinkRequest {
        end_user: EndUser {
            origin_id: form.origin_id.trim().to_owned(),
            organization_name: form.organization.trim().to_owned(),
            email_address: form.email.trim().to_owned(),
        },
        categories: match integration {
            Some(integration) => vec![integration.category()],
            None => Category::ALL.to_vec(),
        },
        integration,
        expires_in: LINK_LIFE,
    };
    let (status, note) = match app.engine.create_link_token(request).await {
        Ok(token) => {
            let base = app.engine.vendor().public_url.as_str().trim_end_matches('/');
            let link = Some(format!("{base}/link/{}", token.expose()));
            (StatusCode::OK, Note { link, ..Note::default() })
        }
        Err(EngineError::Invalid(problem)) => {
            (StatusCode::BAD_REQUEST, Note { problem: Some(problem), ..Note::default() })
        }
        Err(error) => return ApiError::from(error).into_response(),
    };
    walk(&app, &visitor, &params, status, note).await
}

fn foreign(app: &App) -> Response {
    said(
        app,
        StatusCode::FORBIDDEN,
        "This form was not sent by these pages",
        "It belongs to another session or another site.",
        "Open /setup again and send it from there.",
        "foreign_form",
    )
}
