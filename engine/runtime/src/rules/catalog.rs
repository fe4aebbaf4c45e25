//! What the checker of rules is told about an app's concepts.

use std::collections::BTreeMap;
use std::sync::Arc;

use concord::spec::{ActionSpec, Role};
use concord_lang::shape::Shape;
use concord_lang::{ActionSig, Base, ConceptSig, Does, ErrorSig, InputSig, Names, Type};

use crate::registry::{ActionRef, Instance, Registry};

/// Values from outside, by contract and setting.
pub type ContractSettings = BTreeMap<(String, String), String>;

/// The concepts of a registry, as the language sees them.
pub(crate) struct Catalog<'a> {
    concepts: BTreeMap<&'a str, ConceptSig>,
    settings: &'a ContractSettings,
}

impl<'a> Catalog<'a> {
    pub(crate) fn new(registry: &'a Registry, settings: &'a ContractSettings) -> Self {
        let mut actions: BTreeMap<&str, Vec<ActionRef>> = BTreeMap::new();
        for action in registry.actions() {
            actions.entry(registry.instance(action).name()).or_default().push(action);
        }
        let concepts = registry.instances().iter().map(|instance| {
            let own = actions.remove(instance.name()).unwrap_or_default();
            (instance.name(), concept(registry, instance, &own))
        });
        Self { concepts: concepts.collect(), settings }
    }
}

impl Names for Catalog<'_> {
    fn concepts(&self) -> Vec<&str> {
        self.concepts.keys().copied().filter(|name| !name.contains('.')).collect()
    }

    fn concept(&self, name: &str) -> Option<&ConceptSig> {
        self.concepts.get(name).filter(|_| !name.contains('.'))
    }

    fn own(&self, contract: &str, concept: &str) -> Option<&ConceptSig> {
        self.concepts.get(&*format!("{contract}.{concept}"))
    }

    fn setting(&self, contract: &str, name: &str) -> Option<String> {
        self.settings.get(&(contract.to_owned(), name.to_owned())).cloned()
    }
}

fn concept(registry: &Registry, instance: &Instance, actions: &[ActionRef]) -> ConceptSig {
    let entity = |tag: &str| entity(instance, tag);
    let actions = actions.iter().map(|action| signature(*action, registry.spec(*action), &entity));
    let errors = instance.spec().actions.iter().flat_map(|action| action.errors);
    let mut known: Vec<ErrorSig> = Vec::new();
    for error in errors {
        if !known.iter().any(|other| *other.code == *error.code) {
            known.push(ErrorSig { code: error.code.into(), kind: error.kind, message: error.message.into() });
        }
    }
    ConceptSig { name: instance.name().into(), actions: actions.collect(), errors: known }
}

/// What an id is the id of, if the concept keeps such documents: a `Room` of another instance is another thing.
fn entity(instance: &Instance, tag: &str) -> Option<Arc<str>> {
    let keeps = instance.collections().iter().any(|collection| collection.state.name == tag);
    keeps.then(
        || if instance.name() == tag { tag.into() } else { format!("{}.{tag}", instance.name()).into() },
    )
}

fn signature(action: ActionRef, spec: &ActionSpec, entity: &dyn Fn(&str) -> Option<Arc<str>>) -> ActionSig {
    let shape = Shape::of_input(spec.input);
    let inputs = spec.params.iter().map(|param| {
        let field = shape.fields().iter().find(|field| field.name == param.name);
        let ty = field.map_or(Type::ANY, |field| Type::of_shape(&field.shape, entity));
        InputSig { name: param.name.into(), ty, optional: param.optional, secret: param.secret }
    });
    let does = match spec.role {
        Role::Action { .. } => Does::Acts,
        Role::Query(rows) => Does::Asks(rows),
    };
    let output = Type::of_shape(&Shape::of_output(spec.output), entity);
    let is_object = matches!(output.base, Base::Object(_) | Base::Map(_));
    ActionSig {
        name: spec.name.into(),
        id: action.into(),
        does,
        inputs: inputs.collect(),
        takes_anything: spec.open,
        stimulus: spec.stimulus,
        output: if is_object { output } else { Type::of(Base::Object([].into())) },
    }
}
