//! The table of served operations: path templates, the scopes each wants, and how a request finds its row.

use std::collections::HashMap;
use std::sync::LazyLock;

use http::Method;

/// The facts of `scopes.tsv`, one operation a line.
const TABLE: &str = include_str!("scopes.tsv");

static OPERATIONS: LazyLock<Operations> = LazyLock::new(|| Operations::parse(TABLE));

/// What a token must hold before an operation answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeSet {
    /// No set of this family is published: it opens nothing.
    Unpublished,
    /// The published set is empty: any token will do.
    AnyToken,
    /// All of these, space separated.
    All(&'static str),
}

impl ScopeSet {
    fn parse(column: &'static str) -> Self {
        match column {
            "-" => Self::Unpublished,
            "*" => Self::AnyToken,
            scopes => Self::All(scopes),
        }
    }

    fn is_met_by<'a>(self, mut holds: impl FnMut(&'a str) -> bool) -> bool
    where
        Self: 'a,
    {
        match self {
            Self::Unpublished => false,
            Self::AnyToken => true,
            Self::All(scopes) => scopes.split(' ').all(&mut holds),
        }
    }
}

/// One operation of Atlassian's documents.
#[derive(Debug)]
pub struct Operation {
    /// `GET /rest/api/3/issue/{issueIdOrKey}`: the name that statistics and faults use.
    pub name: String,
    /// The path template alone.
    pub template: &'static str,
    /// The classic scopes (for Confluence v2: the only published ones).
    pub classic: ScopeSet,
    /// The granular scopes.
    pub granular: ScopeSet,
    /// The operation may be called without credentials where the site allows it.
    pub anonymous: bool,
}

impl Operation {
    /// Whether a token that `holds` these scopes may call the operation: either family suffices, each is all-or-nothing.
    pub fn allows(&self, scopes: &[String]) -> bool {
        let mut holds = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
        self.classic.is_met_by(&mut holds) || self.granular.is_met_by(&mut holds)
    }
}

/// The operation a product request addresses, if the documents have one.
///
/// `path` is the site-relative path (`/rest/api/2/…` and `/rest/api/latest/…` are looked up as version 3).
pub fn find(method: &Method, path: &str) -> Option<&'static Operation> {
    OPERATIONS.find(method.as_str(), path)
}

/// Every operation of the table.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.rows.iter()
}

struct Operations {
    rows: Vec<Operation>,
    root: Node,
}

/// One segment of the path tree; a literal child is preferred over the parameter.
#[derive(Default)]
struct Node {
    literal: HashMap<&'static str, Node>,
    parameter: Option<Box<Node>>,
    methods: Vec<(&'static str, usize)>,
}

impl Operations {
    fn parse(table: &'static str) -> Self {
        let mut operations = Self { rows: Vec::new(), root: Node::default() };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(method), Some(template), Some(classic), Some(granular), Some(flags)) =
                (columns.next(), columns.next(), columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            let index = operations.rows.len();
            operations.root.insert(segments(template), method, index);
            operations.rows.push(Operation {
                name: format!("{method} {template}"),
                template,
                classic: ScopeSet::parse(classic),
                granular: ScopeSet::parse(granular),
                anonymous: flags.contains('a'),
            });
        }
        operations
    }

    fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let canonical = canonical_path(path);
        let wanted: Vec<&str> = segments(&canonical).collect();
        // HEAD answers as GET does.
        let method = if method == "HEAD" { "GET" } else { method };
        self.root.find(&wanted, method).and_then(|index| self.rows.get(index))
    }
}

impl Node {
    fn insert(&mut self, mut rest: impl Iterator<Item = &'static str>, method: &'static str, index: usize) {
        match rest.next() {
            None => self.methods.push((method, index)),
            Some(segment) if segment.starts_with('{') => {
                self.parameter.get_or_insert_default().insert(rest, method, index);
            }
            Some(segment) => self.literal.entry(segment).or_default().insert(rest, method, index),
        }
    }

    /// Depth is bounded by the templates: the walk ends where the tree does.
    fn find(&self, wanted: &[&str], method: &str) -> Option<usize> {
        let Some((segment, rest)) = wanted.split_first() else {
            return self.methods.iter().find(|(known, _)| *known == method).map(|(_, index)| *index);
        };
        let literal = self.literal.get(segment).and_then(|node| node.find(rest, method));
        literal.or_else(|| self.parameter.as_ref().and_then(|node| node.find(rest, method)))
    }
}

/// What stands between the slashes of a path.
pub(super) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Version 2 and `latest` share the operations of version 3.
fn canonical_path(path: &str) -> std::borrow::Cow<'_, str> {
    for alias in ["/rest/api/2/", "/rest/api/latest/"] {
        if let Some(rest) = path.strip_prefix(alias) {
            return format!("/rest/api/3/{rest}").into();
        }
    }
    path.into()
}
