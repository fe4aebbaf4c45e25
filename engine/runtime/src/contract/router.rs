//! From a method and a path to a route.

use std::sync::Arc;

use concord_lang::plan::{Contract, Segment};

/// The routes of all contracts.
pub(super) struct Router {
    /// Base paths with their contracts, the longest first.
    bases: Vec<(Arc<str>, usize)>,
    tables: Vec<Vec<Entry>>,
}

struct Entry {
    method: Arc<str>,
    path: Vec<Segment>,
    route: usize,
}

/// What is at a path.
pub(super) enum Found {
    /// A route, and the parts of the path that have names.
    Route(usize, Vec<(Arc<str>, String)>),
    /// Other methods.
    Methods(Vec<Arc<str>>),
    /// Nothing.
    Nothing,
}

impl Router {
    pub(super) fn new(contracts: &[Contract]) -> Self {
        let with_routes = contracts.iter().enumerate().filter(|(_, contract)| !contract.routes.is_empty());
        let mut bases: Vec<(Arc<str>, usize)> = with_routes
            .flat_map(|(at, contract)| contract.bases.iter().map(move |base| (Arc::clone(base), at)))
            .collect();
        bases.sort_by_key(|(base, _)| std::cmp::Reverse(base.len()));
        let table = |contract: &Contract| {
            let entry = |(route, plan): (usize, &concord_lang::plan::Route)| Entry {
                method: Arc::clone(&plan.method),
                path: plan.path.clone(),
                route,
            };
            let mut table: Vec<Entry> = contract.routes.iter().enumerate().map(entry).collect();
            // A literal part wins over one that has a name.
            table.sort_by_key(|entry| {
                entry.path.iter().map(|part| matches!(part, Segment::Param(_))).collect::<Vec<bool>>()
            });
            table
        };
        Self { bases, tables: contracts.iter().map(table).collect() }
    }

    /// The contract at a path, and the rest of the path below its base.
    pub(super) fn contract<'p>(&self, path: &'p str) -> Option<(usize, &'p str)> {
        self.bases.iter().find_map(|(base, contract)| {
            let rest = path.strip_prefix(&**base)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((*contract, rest))
        })
    }

    /// What is at a path of a contract. A slash at the end is tolerated.
    pub(super) fn find(&self, contract: usize, method: &str, rest: &str) -> Found {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let parts: Vec<&str> = if rest.is_empty() { Vec::new() } else { rest.split('/').collect() };
        let mut methods: Vec<Arc<str>> = Vec::new();
        for entry in &self.tables[contract] {
            let Some(params) = laid_upon(&entry.path, &parts) else { continue };
            // Whoever asks for the head alone gets what GET would say.
            if *entry.method == *method || (method == "HEAD" && *entry.method == *"GET") {
                return Found::Route(entry.route, params);
            }
            if !methods.contains(&entry.method) {
                methods.push(Arc::clone(&entry.method));
            }
        }
        if methods.is_empty() { Found::Nothing } else { Found::Methods(methods) }
    }
}

/// The named parts of a path, if it is one of these.
pub(crate) fn laid_upon(path: &[Segment], parts: &[&str]) -> Option<Vec<(Arc<str>, String)>> {
    if path.len() != parts.len() {
        return None;
    }
    let mut params = Vec::new();
    for (segment, part) in path.iter().zip(parts) {
        match segment {
            Segment::Literal(literal) if **literal == **part => {}
            Segment::Literal(_) => return None,
            Segment::Param(_) if part.is_empty() => return None,
            Segment::Param(name) => params.push((Arc::clone(name), decoded(part)?)),
        }
    }
    Some(params)
}

/// A part of a path or a query, with its escapes read. None if it is no text then.
pub(super) fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let digits = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits.0).ok()?, 16).ok()?);
            rest = digits.1;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}
