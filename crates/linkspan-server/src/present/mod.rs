//! From stored records to the wire. Relations named in `expand` are replaced by whole records, one level deep.

mod events;
mod knowledgebase;
mod permissions;
mod ticketing;

use std::collections::{HashMap, HashSet};

use linkspan_engine::read::{Audience, RemoteDatum};
use linkspan_engine::{AccountScope, Engine, EngineError};
use linkspan_model::access::AccessRule;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::{Related, RemoteData, Time};

pub use self::events::WebhookBodies;

/// A record as the store gave it.
pub(crate) type Stored = linkspan_engine::read::StoredRecord;

/// A model of the wire that is made from stored records.
pub(crate) trait Presented: Serialize + ToSchema + Send + Sized {
    /// The model it is made from.
    const MODEL: Model;
    /// The relations that `expand` may name, with the ids of each.
    fn relations(_: &Body) -> Vec<(&'static str, Vec<RecordId>)> {
        Vec::new()
    }
    /// Makes it. `None` when the stored body is of another model.
    fn present(presenter: &Presenter<'_>, record: &Stored, body: Body) -> Option<Self>;
    /// What has to be known about who may see the records.
    const ACCESS: AccessNeed = AccessNeed::None;
}

/// What a model tells about who may see its records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessNeed {
    /// Nothing.
    None,
    /// The rule, clause by clause.
    Rules,
    /// A flat list of readers.
    Audiences,
}

/// A model of the wire from its own members; what every model has comes from the stored record.
macro_rules! enveloped {
    ($presenter:expr, $record:expr, { $($members:tt)* }) => {
        Self {
            id: $record.id.0,
            remote_id: $record.remote_id.clone(),
            created_at: $crate::wire::Time($record.created_at),
            modified_at: $crate::wire::Time($record.modified_at),
            remote_was_deleted: $record.is_deleted_upstream(),
            // The vendor has no target fields of its own yet, so none has a value.
            field_mappings: Some($crate::wire::FieldMappings::default()),
            remote_data: $presenter.remote_data($record),
            $($members)*
        }
    };
}
use enveloped;

/// Everything needed to present a page of records.
pub(crate) struct Presenter<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) scope: &'a AccountScope,
    expand: HashSet<String>,
    remote: Option<HashMap<RecordId, Vec<RemoteDatum>>>,
    pub(crate) remote_fields: bool,
    pub(crate) native_enums: HashSet<String>,
    related: HashMap<RecordId, Stored>,
    pub(crate) rules: HashMap<RecordId, AccessRule>,
    pub(crate) audiences: HashMap<RecordId, Audience>,
}

/// Presents records of one model.
pub(crate) async fn present<T: Presented>(
    engine: &Engine,
    scope: &AccountScope,
    params: &Params,
    records: Vec<Stored>,
) -> Result<Vec<T>, ApiError> {
    let mut native_enums: HashSet<String> = params.list("show_enum_origins")?.into_iter().collect();
    native_enums.extend(params.list("remote_fields")?);
    let shown = Shown {
        expand: params.list("expand")?.into_iter().collect(),
        remote_data: params.flag("include_remote_data")?,
        remote_fields: params.flag("include_remote_fields")?,
        native_enums,
    };
    Ok(make(engine, scope, shown, records).await?)
}

/// What of records is shown besides what always is.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    expand: HashSet<String>,
    remote_data: bool,
    remote_fields: bool,
    native_enums: HashSet<String>,
}

/// Makes records of one model.
pub(crate) async fn make<T: Presented>(
    engine: &Engine,
    scope: &AccountScope,
    shown: Shown,
    records: Vec<Stored>,
) -> Result<Vec<T>, EngineError> {
    let Shown { expand, remote_data, remote_fields, native_enums } = shown;
    let mut bodies = Vec::with_capacity(records.len());
    let mut wanted = HashSet::new();
    for record in &records {
        let body = record.instance()?;
        for (name, ids) in T::relations(&body) {
            if expand.contains(name) {
                wanted.extend(ids);
            }
        }
        bodies.push(body);
    }
    let wanted: Vec<RecordId> = wanted.into_iter().collect();
    let remote = if remote_data { Some(engine.remote_data(scope, &records).await?) } else { None };
    let presenter = Presenter {
        engine,
        scope,
        related: engine.get_records(scope, &wanted).await?,
        remote,
        remote_fields,
        native_enums,
        expand,
        rules: match T::ACCESS {
            AccessNeed::Rules => engine.rules_of(scope, &records).await?,
            _ => HashMap::new(),
        },
        audiences: match T::ACCESS {
            AccessNeed::Audiences => engine.audiences(scope, &records).await?,
            _ => HashMap::new(),
        },
    };
    let made = records.iter().zip(bodies).filter_map(|(record, body)| T::present(&presenter, record, body));
    Ok(made.collect())
}

impl Presenter<'_> {
    /// Whether `expand` names this relation.
    pub(crate) fn expands(&self, name: &str) -> bool {
        self.expand.contains(name)
    }

    /// A relation: the id, or the record where it was asked for and is at hand.
    pub(crate) fn relation<T: Presented>(&self, name: &str, id: RecordId) -> Related<T> {
        if !self.expands(name) {
            return Related::Id(id.0);
        }
        let whole = self.related.get(&id).filter(|record| record.model == T::MODEL).and_then(|record| {
            let body = record.instance().ok()?;
            T::present(&self.plain(), record, body)
        });
        whole.map_or(Related::Id(id.0), |record| Related::Record(Box::new(record)))
    }

    /// A list of relations.
    pub(crate) fn relations<T: Presented>(&self, name: &str, ids: &[RecordId]) -> Vec<Related<T>> {
        ids.iter().map(|id| self.relation(name, *id)).collect()
    }

    /// The upstream JSON of a record, where it was asked for.
    pub(crate) fn remote_data(&self, record: &Stored) -> Option<Vec<RemoteData>> {
        let data = self.remote.as_ref()?.get(&record.id).map(Vec::as_slice).unwrap_or_default();
        let made = data.iter().filter_map(|datum| {
            Some(RemoteData {
                path: datum.path.clone(),
                data: RawValue::from_string(datum.json.clone()).ok()?,
            })
        });
        Some(made.collect())
    }

    /// A presenter for expanded records: they are not expanded further.
    fn plain(&self) -> Presenter<'_> {
        Presenter {
            engine: self.engine,
            scope: self.scope,
            expand: HashSet::new(),
            remote: None,
            remote_fields: false,
            native_enums: self.native_enums.clone(),
            related: HashMap::new(),
            rules: HashMap::new(),
            audiences: HashMap::new(),
        }
    }
}

/// A single relation as a list.
pub(crate) fn one(id: Option<RecordId>) -> Vec<RecordId> {
    id.into_iter().collect()
}

/// A stored moment on the wire.
pub(crate) fn time(moment: Option<jiff::Timestamp>) -> Option<Time> {
    moment.map(Time)
}

/// An empty text is no text.
pub(crate) fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
