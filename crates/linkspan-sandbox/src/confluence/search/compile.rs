//! From a CQL query to a test that can be put to each thing of a site: names are resolved once, before anything is tested.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Kind;
use crate::confluence::cql::{
    Clause, CqlError, DateContext, Expression, MinuteRange, Operator, Query, TextQuery, Value, resolve_date,
};
use crate::confluence::view::View;
use crate::world::confluence::SpaceKind;
use crate::world::{AccountIndex, SpaceId};

/// A compiled condition.
#[derive(Debug)]
pub(super) enum Condition {
    /// Cheap members stand first.
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Test(Test),
}

/// A compiled comparison.
#[derive(Debug)]
pub(super) enum Test {
    Kinds(Vec<Kind>),
    /// Ids as numbers, whatever the kind.
    Ids(Vec<u64>),
    Spaces(Vec<SpaceId>),
    SpaceKinds(Vec<SpaceKind>),
    SpaceTitle(TextQuery),
    /// In lower case.
    Labels(Vec<String>),
    /// In lower case.
    TitleIs(Vec<String>),
    TitleHas(TextQuery),
    TextHas(TextQuery),
    Ancestors(Vec<u64>),
    Parents(Vec<u64>),
    Containers(Vec<u64>),
    Creators(Vec<AccountIndex>),
    Contributors(Vec<AccountIndex>),
    Created(Operator, MinuteRange),
    Modified(Operator, MinuteRange),
    Mentions(Vec<String>),
    Macros(Vec<String>),
    /// Holds for nothing: favourites and watches, which nobody here has.
    Nothing,
}

impl Test {
    /// Whether the body has to be built to answer it.
    fn is_costly(&self) -> bool {
        matches!(self, Self::TextHas(_) | Self::Mentions(_) | Self::Macros(_))
    }
}

impl Condition {
    fn is_costly(&self) -> bool {
        match self {
            Self::All(members) | Self::Any(members) => members.iter().any(Self::is_costly),
            Self::Not(inner) => inner.is_costly(),
            Self::Test(test) => test.is_costly(),
        }
    }

    /// The kinds that can pass at all, so that others need not be looked at.
    pub(super) fn possible_kinds(&self) -> Vec<Kind> {
        match self {
            Self::All(members) => {
                let possible: Vec<Vec<Kind>> = members.iter().map(Self::possible_kinds).collect();
                kinds_where(|kind| possible.iter().all(|kinds| kinds.contains(&kind)))
            }
            Self::Any(members) => {
                let possible: Vec<Vec<Kind>> = members.iter().map(Self::possible_kinds).collect();
                kinds_where(|kind| possible.iter().any(|kinds| kinds.contains(&kind)))
            }
            Self::Not(inner) => match inner.as_ref() {
                Self::Test(Test::Kinds(kinds)) => kinds_where(|kind| !kinds.contains(&kind)),
                _ => kinds_where(|_| true),
            },
            Self::Test(Test::Kinds(kinds)) => kinds.clone(),
            Self::Test(_) => kinds_where(|_| true),
        }
    }
}

fn kinds_where(keep: impl Fn(Kind) -> bool) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| keep(*kind)).collect()
}

/// Compiles a query's condition for one caller.
pub(super) fn compile(view: &View<'_>, query: &Query) -> Result<Condition, CqlError> {
    let zone =
        view.account().and_then(|account| TimeZone::get(&account.time_zone).ok()).unwrap_or(TimeZone::UTC);
    let now = Timestamp::from_millisecond(view.now).unwrap_or(Timestamp::MAX);
    Compiler { view, dates: DateContext { now, zone } }.expression(&query.filter)
}

struct Compiler<'view, 'state> {
    view: &'view View<'state>,
    dates: DateContext,
}

impl Compiler<'_, '_> {
    /// The parser bounds the depth.
    fn expression(&self, expression: &Expression) -> Result<Condition, CqlError> {
        match expression {
            Expression::And(members) => Ok(Condition::All(self.members(members)?)),
            Expression::Or(members) => Ok(Condition::Any(self.members(members)?)),
            Expression::Not(inner) => Ok(Condition::Not(Box::new(self.expression(inner)?))),
            Expression::Clause(clause) => self.clause(clause),
        }
    }

    fn members(&self, members: &[Expression]) -> Result<Vec<Condition>, CqlError> {
        let mut compiled =
            members.iter().map(|member| self.expression(member)).collect::<Result<Vec<_>, _>>()?;
        compiled.sort_by_cached_key(Condition::is_costly);
        Ok(compiled)
    }

    fn clause(&self, clause: &Clause) -> Result<Condition, CqlError> {
        use Operator::{Contains, Equals, In, NotContains, NotEquals, NotIn};
        let supported: &[Operator] = match clause.field.as_str() {
            "created" | "lastmodified" => return self.date(clause),
            "title" | "space.title" => &[Equals, NotEquals, Contains, NotContains, In, NotIn],
            "text" | "sitesearch" => &[Contains, NotContains],
            _ => &[Equals, NotEquals, In, NotIn],
        };
        if !supported.contains(&clause.operator) {
            return Err(unsupported(clause));
        }
        let test = Condition::Test(self.test(clause)?);
        match clause.operator {
            NotEquals | NotContains | NotIn => Ok(Condition::Not(Box::new(test))),
            _ => Ok(test),
        }
    }

    fn test(&self, clause: &Clause) -> Result<Test, CqlError> {
        let contains = matches!(clause.operator, Operator::Contains | Operator::NotContains);
        Ok(match clause.field.as_str() {
            "type" => Test::Kinds(each(clause, parse_kind)?.into_iter().flatten().collect()),
            "id" | "content" => Test::Ids(each(clause, parse_id)?),
            "space" | "space.key" => Test::Spaces(self.spaces(clause)?),
            "space.type" => Test::SpaceKinds(each(clause, parse_space_kind)?),
            "space.title" => Test::SpaceTitle(TextQuery::new(&texts(clause)?.join(" "))),
            "label" => Test::Labels(
                texts(clause)?.into_iter().map(|name| strip_prefix(&name.to_lowercase())).collect(),
            ),
            "title" if contains => Test::TitleHas(TextQuery::new(&texts(clause)?.join(" "))),
            "title" => Test::TitleIs(texts(clause)?.iter().map(|title| title.to_lowercase()).collect()),
            "text" | "sitesearch" => Test::TextHas(TextQuery::new(&texts(clause)?.join(" "))),
            "ancestor" => Test::Ancestors(each(clause, parse_id)?),
            "parent" => Test::Parents(each(clause, parse_id)?),
            "container" => Test::Containers(each(clause, parse_id)?),
            "creator" => Test::Creators(self.accounts(clause)?),
            "contributor" => Test::Contributors(self.accounts(clause)?),
            "mention" => Test::Mentions(
                self.accounts(clause)?
                    .into_iter()
                    .map(|index| self.view.account_id(index).to_owned())
                    .collect(),
            ),
            "macro" => Test::Macros(texts(clause)?),
            "favourite" | "favorite" | "watcher" => {
                self.accounts(clause)?;
                Test::Nothing
            }
            field if field.starts_with("content.property") => Test::Nothing,
            _ => return Err(CqlError::UnknownField(clause.field.clone())),
        })
    }

    fn date(&self, clause: &Clause) -> Result<Condition, CqlError> {
        use Operator::{Contains, In, NotContains, NotIn};
        if matches!(clause.operator, Contains | NotContains | In | NotIn) {
            return Err(unsupported(clause));
        }
        // A comparison that is not `IN` has exactly one value.
        let value = clause.values.first().ok_or(CqlError::UnexpectedEnd)?;
        let range = resolve_date(&clause.field, value, &self.dates)?;
        let test = if clause.field == "created" { Test::Created } else { Test::Modified };
        Ok(Condition::Test(test(clause.operator, range)))
    }

    /// Unknown and invisible spaces select nothing, and are not told apart.
    fn spaces(&self, clause: &Clause) -> Result<Vec<SpaceId>, CqlError> {
        let mut spaces = Vec::new();
        for value in &clause.values {
            match value {
                Value::Literal(key) => spaces.extend(self.view.space_by_key(key).map(|space| space.id)),
                Value::Function { name, .. }
                    if matches!(name.as_str(), "favouritespaces" | "recentlyviewedspaces") => {}
                Value::Function { .. } => return Err(invalid(clause, value)),
            }
        }
        Ok(spaces)
    }

    /// Unknown accounts select nothing.
    fn accounts(&self, clause: &Clause) -> Result<Vec<AccountIndex>, CqlError> {
        let mut accounts = Vec::new();
        for value in &clause.values {
            match value {
                Value::Literal(id) => {
                    accounts.extend(self.view.state.account_by_id(id).map(|account| account.index));
                }
                Value::Function { name, arguments } if name == "currentuser" && arguments.is_empty() => {
                    accounts.extend(self.view.reader.account());
                }
                Value::Function { .. } => return Err(invalid(clause, value)),
            }
        }
        Ok(accounts)
    }
}

fn unsupported(clause: &Clause) -> CqlError {
    CqlError::UnsupportedOperator { field: clause.field.clone(), operator: clause.operator.symbol() }
}

fn invalid(clause: &Clause, value: &Value) -> CqlError {
    CqlError::InvalidValue { field: clause.field.clone(), value: value.to_string() }
}

fn texts(clause: &Clause) -> Result<Vec<String>, CqlError> {
    each(clause, |text| Some(text.to_owned()))
}

/// Reads every literal of a clause.
fn each<T>(clause: &Clause, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, CqlError> {
    let values = clause.values.iter().map(|value| match value {
        Value::Literal(text) => read(text).ok_or_else(|| invalid(clause, value)),
        Value::Function { .. } => Err(invalid(clause, value)),
    });
    values.collect()
}

/// The kind of a name; none for a kind that this site has nothing of.
fn parse_kind(name: &str) -> Option<Vec<Kind>> {
    const NEVER_HERE: [&str; 4] = ["whiteboard", "database", "embed", "user"];
    let is_known = NEVER_HERE.iter().any(|known| known.eq_ignore_ascii_case(name)) || name.starts_with("ac:");
    Kind::parse(name).map(|kind| vec![kind]).or(is_known.then(Vec::new))
}

fn parse_id(text: &str) -> Option<u64> {
    text.strip_prefix("att").unwrap_or(text).parse().ok()
}

fn parse_space_kind(text: &str) -> Option<SpaceKind> {
    [SpaceKind::Global, SpaceKind::Personal, SpaceKind::KnowledgeBase]
        .into_iter()
        .find(|kind| kind.as_str() == text)
}

/// `global:name` means the same as `name`.
fn strip_prefix(label: &str) -> String {
    label.split_once(':').map_or(label, |(_, name)| name).to_owned()
}
