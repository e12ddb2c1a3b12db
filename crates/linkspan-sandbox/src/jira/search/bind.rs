//! Binds a parsed query to a site and a caller: names become fields, values become ids.

use super::{
    names::{Meaning, meanings},
    order::Order,
    test::{Attribute, Comparison, Instant, Presence, Quantity, Test, Text},
    visibility::Visibility,
    words::Words,
};
use crate::{
    jira::{
        jql::{
            Clause, Literal, Operand, Operator, Query, Term,
            date::{self, FunctionValue, Moment},
        },
        time,
    },
    world::{IssueId, ProjectId, SiteState},
};

/// Longest `ORDER BY`.
const MAX_SORT_KEYS: usize = 7;

/// A query that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    /// What an issue must satisfy.
    pub(crate) test: Test,
    /// The order of the result.
    pub(crate) order: Order,
}

/// What names and values are looked up with.
pub(crate) struct Binder<'a> {
    pub(crate) site: &'a SiteState,
    pub(crate) visibility: &'a Visibility<'a>,
    pub(crate) moment: Moment,
}

impl Binder<'_> {
    /// Binds a query, or says everything that is wrong with it, in the sentences Jira uses.
    pub(crate) fn bind(&self, query: &Query) -> Result<Bound, Vec<String>> {
        let mut errors = Vec::new();
        let test = query
            .filter
            .as_ref()
            .map_or(Test::All(Vec::new()), |clause| self.clause(clause, false, &mut errors));
        if query.order.len() > MAX_SORT_KEYS {
            errors.push(format!("The maximum number of fields in the ORDER BY clause is {MAX_SORT_KEYS}."));
        }
        let order = Order::bind(self.site, &query.order).unwrap_or_else(|error| {
            errors.push(error);
            Order::default()
        });
        if errors.is_empty() { Ok(Bound { test: test.sorted_by_cost(), order }) } else { Err(errors) }
    }

    /// `NOT` is pushed down to the operators, which is why an issue without the field passes neither side.
    fn clause(&self, clause: &Clause, negated: bool, errors: &mut Vec<String>) -> Test {
        match clause {
            Clause::Not(inner) => self.clause(inner, !negated, errors),
            Clause::And(clauses) | Clause::Or(clauses) => {
                let all = matches!(clause, Clause::And(_)) != negated;
                let tests = clauses.iter().map(|clause| self.clause(clause, negated, errors)).collect();
                if all { Test::All(tests) } else { Test::Any(tests) }
            }
            Clause::Term(term) => self.term(term, negated, errors),
        }
    }

    fn term(&self, term: &Term, negated: bool, errors: &mut Vec<String>) -> Test {
        let found = meanings(self.site, &term.field);
        if found.is_empty() {
            errors.push(format!(
                "Field '{}' does not exist or you do not have permission to view it.",
                term.field
            ));
            return Test::Any(Vec::new());
        }
        let operator = if negated { inverted(term.operator) } else { term.operator };
        let mut results: Vec<Result<Test, String>> =
            found.iter().map(|meaning| self.compare(*meaning, term, operator)).collect();
        // Where custom fields share a name, those that can be compared so decide; none passing is an error.
        if results.iter().all(Result::is_err) {
            errors.extend(results.swap_remove(0).err());
            return Test::Any(Vec::new());
        }
        let mut tests: Vec<Test> = results.into_iter().flatten().collect();
        if tests.len() == 1 { tests.swap_remove(0) } else { Test::Any(tests) }
    }

    fn compare(&self, meaning: Meaning, term: &Term, operator: Operator) -> Result<Test, String> {
        check_operand(term, operator)?;
        match meaning {
            Meaning::Choice(attribute) => self.choice(attribute, term, operator),
            Meaning::StatusCategory => {
                let statuses = |category: &str| {
                    let known =
                        ["to do", "new", "2", "in progress", "indeterminate", "4", "done", "complete", "3"];
                    let wanted = category.to_ascii_lowercase();
                    known.contains(&wanted.as_str()).then(|| {
                        let wanted = if wanted == "complete" { "done".to_owned() } else { wanted };
                        let all = self.site.jira().statuses.iter().filter(|status| {
                            let category = status.category;
                            category.key() == wanted
                                || category.name().eq_ignore_ascii_case(&wanted)
                                || category.id().to_string() == wanted
                        });
                        all.map(|status| status.id.0).collect()
                    })
                };
                Self::derived(Attribute::Status, term, operator, statuses)
            }
            Meaning::ProjectCategory => {
                let categories = &self.site.jira().categories;
                let projects = |name: &str| {
                    let at = categories.iter().position(|(it, _)| it.eq_ignore_ascii_case(name))?;
                    let all = self.site.jira().projects.iter().filter(|project| project.category == Some(at));
                    Some(all.map(|project| project.id.0).collect())
                };
                Self::derived(Attribute::Project, term, operator, projects)
            }
            Meaning::ProjectType => {
                let projects = |kind: &str| {
                    matches!(kind, "software" | "business" | "service_desk").then(|| {
                        let all =
                            self.site.jira().projects.iter().filter(|project| project.kind.key() == kind);
                        all.map(|project| project.id.0).collect()
                    })
                };
                Self::derived(Attribute::Project, term, operator, projects)
            }
            Meaning::Instant { instant, date } => self.instant(instant, date, term, operator),
            Meaning::Quantity(quantity) => quantity_test(quantity, term, operator),
            Meaning::Text(text) => text_test(text, term, operator),
            Meaning::Exact(field) => exact_test(field, term, operator),
            Meaning::Opaque(field) => match presence(term, operator) {
                Some(present) => Ok(Test::Presence { presence: Presence::Custom(field), present }),
                None => Err(unsupported(term, operator)),
            },
        }
    }

    fn choice(&self, attribute: Attribute, term: &Term, operator: Operator) -> Result<Test, String> {
        if let Some(comparison) = ordering(operator) {
            return self.ordered_choice(attribute, term, operator, comparison);
        }
        if matches!(operator, Operator::Contains | Operator::NotContains) {
            return Err(unsupported(term, operator));
        }
        let mut wanted = Vec::new();
        let mut empty = false;
        for operand in members(&term.operand) {
            match operand {
                Operand::Empty => empty = true,
                // "Unresolved" is how Jira shows the absence of a resolution.
                Operand::Value(literal)
                    if attribute == Attribute::Resolution
                        && literal.to_text().eq_ignore_ascii_case("unresolved") =>
                {
                    empty = true;
                }
                Operand::Value(literal) => {
                    wanted.extend(self.values(attribute, &term.field, &literal.to_text())?);
                }
                Operand::Function { name, arguments } => {
                    wanted.extend(self.function(attribute, &term.field, name, arguments)?);
                }
                Operand::List(_) => {}
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        Ok(Test::Choice { attribute, wanted, empty, negated: is_negative(operator) })
    }

    /// A choice over values that name others, such as a status category naming its statuses.
    fn derived(
        attribute: Attribute,
        term: &Term,
        operator: Operator,
        values: impl Fn(&str) -> Option<Vec<u64>>,
    ) -> Result<Test, String> {
        if ordering(operator).is_some() || matches!(operator, Operator::Contains | Operator::NotContains) {
            return Err(unsupported(term, operator));
        }
        let mut wanted = Vec::new();
        let mut empty = false;
        for operand in members(&term.operand) {
            match operand {
                Operand::Empty => empty = true,
                Operand::Value(literal) => {
                    let text = literal.to_text();
                    wanted.extend(values(&text).ok_or_else(|| no_value(&text, &term.field))?);
                }
                Operand::Function { name, .. } => return Err(no_function(name)),
                Operand::List(_) => {}
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        Ok(Test::Choice { attribute, wanted, empty, negated: is_negative(operator) })
    }

    /// `<` and its like exist for keys, priorities and versions.
    fn ordered_choice(
        &self,
        attribute: Attribute,
        term: &Term,
        operator: Operator,
        comparison: Comparison,
    ) -> Result<Test, String> {
        let Operand::Value(literal) = &term.operand else { return Err(unsupported(term, operator)) };
        let text = literal.to_text();
        match attribute {
            Attribute::Issue => {
                if let Some(id) = IssueId::parse(&text) {
                    let bound = text.parse().map_err(|_| no_value(&id.to_string(), &term.field))?;
                    return Ok(Test::Quantity { quantity: Quantity::Id, comparison, bound });
                }
                let parts = text.rsplit_once('-').and_then(|(key, number)| {
                    let project = self.visible_project(key)?;
                    Some((project, number.parse().ok()?))
                });
                let (project, bound) = parts.ok_or_else(|| no_issue(&text, &term.field))?;
                Ok(Test::Number { project, comparison, bound })
            }
            Attribute::Priority => {
                // The first priority is the greatest.
                let all = &self.site.jira().priorities;
                let at = all
                    .iter()
                    .position(|it| it.name.eq_ignore_ascii_case(&text) || it.id.to_string() == text)
                    .ok_or_else(|| no_value(&text, &term.field))?;
                let holds = |position: usize| comparison_holds(comparison, at.cmp(&position));
                let wanted =
                    all.iter().enumerate().filter(|(position, _)| holds(*position)).map(|(_, it)| it.id.0);
                Ok(choice_of(attribute, wanted.collect()))
            }
            Attribute::FixVersion | Attribute::AffectedVersion => {
                let bounds = self.values(attribute, &term.field, &text)?;
                let mut wanted = Vec::new();
                for project in &self.site.jira().projects {
                    let Some(at) = project.versions.iter().position(|version| bounds.contains(&version.id.0))
                    else {
                        continue;
                    };
                    let versions = project.versions.iter().enumerate();
                    let passing =
                        versions.filter(|(position, _)| comparison_holds(comparison, position.cmp(&at)));
                    wanted.extend(passing.map(|(_, version)| version.id.0));
                }
                Ok(choice_of(attribute, wanted))
            }
            _ => Err(unsupported(term, operator)),
        }
    }

    fn visible_project(&self, key: &str) -> Option<ProjectId> {
        self.site.find_project(key).map(|project| project.id).filter(|id| self.visibility.project(*id))
    }

    fn instant(&self, instant: Instant, date: bool, term: &Term, operator: Operator) -> Result<Test, String> {
        if let Some(present) = presence(term, operator) {
            return Ok(Test::Presence { presence: Presence::Instant(instant), present });
        }
        let mut bounds = Vec::new();
        for operand in members(&term.operand) {
            let at = match operand {
                Operand::Value(Literal::Number(epoch)) if *epoch >= 0 => Some(time::timestamp(*epoch)),
                Operand::Value(literal) => date::literal(&literal.to_text(), &self.moment),
                Operand::Function { name, arguments } => {
                    match date::function(name, arguments, &self.moment) {
                        Some(FunctionValue::At(at)) => Some(at),
                        Some(FunctionValue::BadIncrement) => {
                            return Err(format!(
                                "Function '{name}' expects an increment such as '-1d', '+2w' or '(+/-)nn(y|M|w|d|h|m)' as its argument."
                            ));
                        }
                        Some(FunctionValue::BadArguments) => {
                            return Err(format!("Function '{name}' was given too many arguments."));
                        }
                        None => return Err(no_function(name)),
                    }
                }
                Operand::Empty | Operand::List(_) => None,
            };
            let Some(at) = at else { return Err(bad_date(operand, &term.field)) };
            let zoned = at.to_zoned(self.moment.zone.clone());
            bounds.push(if date {
                i64::from(time::day(zoned.date())) * 24 * 3_600_000
            } else {
                at.as_millisecond()
            });
        }
        let comparison = equality_or_ordering(operator).ok_or_else(|| unsupported(term, operator))?;
        let tests: Vec<Test> =
            bounds.into_iter().map(|bound| Test::Instant { instant, comparison, bound }).collect();
        Ok(if is_negative(operator) { Test::All(tests) } else { Test::Any(tests) })
    }
}

fn choice_of(attribute: Attribute, mut wanted: Vec<u64>) -> Test {
    wanted.sort_unstable();
    Test::Choice { attribute, wanted, empty: false, negated: false }
}

fn comparison_holds(comparison: Comparison, ordering: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
    }
}

fn quantity_test(quantity: Quantity, term: &Term, operator: Operator) -> Result<Test, String> {
    if let Some(present) = presence(term, operator) {
        return Ok(Test::Presence { presence: Presence::Quantity(quantity), present });
    }
    let comparison = equality_or_ordering(operator).ok_or_else(|| unsupported(term, operator))?;
    let mut tests = Vec::new();
    for operand in members(&term.operand) {
        let Operand::Value(literal) = operand else { return Err(unsupported(term, operator)) };
        let text = literal.to_text();
        let bound = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let bound = bound.ok_or_else(|| no_value(&text, &term.field))?;
        tests.push(Test::Quantity { quantity, comparison, bound });
    }
    Ok(if is_negative(operator) { Test::All(tests) } else { Test::Any(tests) })
}

fn text_test(text: Text, term: &Term, operator: Operator) -> Result<Test, String> {
    if text != Text::Any
        && let Some(present) = presence(term, operator)
    {
        return Ok(Test::Presence { presence: Presence::Text(text), present });
    }
    let negated = match operator {
        Operator::Contains => false,
        Operator::NotContains => true,
        _ => return Err(unsupported(term, operator)),
    };
    let Operand::Value(literal) = &term.operand else { return Err(unsupported(term, operator)) };
    let words = Words::parse(&literal.to_text()).ok_or_else(|| {
        format!("The field '{}' does not support searching for an empty string.", term.field)
    })?;
    Ok(Test::Text { text, words, negated })
}

fn exact_test(field: crate::world::FieldId, term: &Term, operator: Operator) -> Result<Test, String> {
    if let Some(present) = presence(term, operator) {
        return Ok(Test::Presence { presence: Presence::Custom(field), present });
    }
    match operator {
        Operator::Contains | Operator::NotContains => text_test(Text::Custom(field), term, operator),
        Operator::Equals | Operator::NotEquals | Operator::In | Operator::NotIn => {
            let values = members(&term.operand).iter().filter_map(|operand| match operand {
                Operand::Value(literal) => Some(literal.to_text()),
                _ => None,
            });
            Ok(Test::Exact { field, wanted: values.collect(), negated: is_negative(operator) })
        }
        _ => Err(unsupported(term, operator)),
    }
}

/// `Some(true)` for "has a value", `Some(false)` for "has none", when the term asks for nothing else.
fn presence(term: &Term, operator: Operator) -> Option<bool> {
    if !matches!(term.operand, Operand::Empty) {
        return None;
    }
    match operator {
        Operator::Is | Operator::Equals => Some(false),
        Operator::IsNot | Operator::NotEquals => Some(true),
        _ => None,
    }
}

fn members(operand: &Operand) -> &[Operand] {
    match operand {
        Operand::List(members) => members,
        single => std::slice::from_ref(single),
    }
}

/// Which operands an operator takes at all, whatever the field.
fn check_operand(term: &Term, operator: Operator) -> Result<(), String> {
    let is_list = matches!(term.operand, Operand::List(_));
    let is_function = matches!(term.operand, Operand::Function { .. });
    match operator {
        Operator::In | Operator::NotIn if !is_list && !is_function => Err(format!(
            "Operator '{}' does not support the non-list value '{}' for field '{}'.",
            operator.text(),
            term.operand,
            term.field
        )),
        Operator::Is | Operator::IsNot if !matches!(term.operand, Operand::Empty) => Err(format!(
            "The operator '{}' only supports the values EMPTY and NULL, not '{}', for field '{}'.",
            operator.text(),
            term.operand,
            term.field
        )),
        Operator::In | Operator::NotIn | Operator::Is | Operator::IsNot => Ok(()),
        _ if is_list => Err(format!(
            "Operator '{}' does not support the list value {} for field '{}'.",
            operator.text(),
            term.operand,
            term.field
        )),
        _ => Ok(()),
    }
}

fn inverted(operator: Operator) -> Operator {
    match operator {
        Operator::Equals => Operator::NotEquals,
        Operator::NotEquals => Operator::Equals,
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
        Operator::Contains => Operator::NotContains,
        Operator::NotContains => Operator::Contains,
        Operator::In => Operator::NotIn,
        Operator::NotIn => Operator::In,
        Operator::Is => Operator::IsNot,
        Operator::IsNot => Operator::Is,
    }
}

fn is_negative(operator: Operator) -> bool {
    matches!(operator, Operator::NotEquals | Operator::NotIn | Operator::IsNot | Operator::NotContains)
}

fn ordering(operator: Operator) -> Option<Comparison> {
    match operator {
        Operator::Less => Some(Comparison::Less),
        Operator::LessOrEqual => Some(Comparison::LessOrEqual),
        Operator::Greater => Some(Comparison::Greater),
        Operator::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
        _ => None,
    }
}

fn equality_or_ordering(operator: Operator) -> Option<Comparison> {
    match operator {
        Operator::Equals | Operator::In => Some(Comparison::Equal),
        Operator::NotEquals | Operator::NotIn => Some(Comparison::NotEqual),
        _ => ordering(operator),
    }
}

fn unsupported(term: &Term, operator: Operator) -> String {
    format!("The operator '{}' is not supported by the '{}' field.", operator.text(), term.field)
}

pub(super) fn no_value(value: &str, field: &str) -> String {
    format!("The value '{value}' does not exist for the field '{field}'.")
}

pub(super) fn no_issue(key: &str, field: &str) -> String {
    if key.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("A value with ID '{key}' does not exist for the field '{field}'.");
    }
    format!("An issue with key '{key}' does not exist for field '{field}'.")
}

pub(super) fn no_function(name: &str) -> String {
    format!("Unable to find JQL function '{name}()'.")
}

fn bad_date(operand: &Operand, field: &str) -> String {
    let shown = match operand {
        Operand::Value(literal) => literal.to_text(),
        other => other.to_string(),
    };
    format!(
        "Date value '{shown}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', \
         'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
}
