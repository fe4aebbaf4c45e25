//! What values look like: JSON schemas, as documents need them.
//!
//! Every format reads schemas through this one type, so that they agree on what an id, a time or an enum is. It says less
//! than a schema does: limits of numbers and lengths are left out.

mod reader;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};

/// Writes the schema of a type, as actions and documents have it.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// An id, of what.
    Id(String),
    /// Text.
    Text,
    /// A number.
    Number,
    /// A point in time, in milliseconds.
    Time,
    /// True or false.
    Boolean,
    /// One of these texts.
    OneOf(Vec<String>),
    /// A list.
    List(Box<Self>),
    /// An object that has any keys, and such values.
    Map(Box<Self>),
    /// An object, its fields in the order of the source.
    Object(Vec<Field>),
    /// This, or null.
    Nullable(Box<Self>),
    /// The type of this name once more, within itself.
    Again(String),
    /// Anything, null included.
    Any,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it looks like.
    pub shape: Shape,
    /// Whether it may be left out.
    pub optional: bool,
}

impl Shape {
    /// The shape of what is read, such as an action's input.
    ///
    /// ```
    /// use concord::{Data, Id, rt};
    /// use concord_lang::shape::Shape;
    ///
    /// enum User {}
    ///
    /// #[derive(Data)]
    /// struct Vote {
    ///     user: Id<User>,
    ///     comment: Option<String>,
    /// }
    ///
    /// let shape = Shape::of_input(rt::schema::<Vote>);
    /// let [user, comment] = shape.fields() else { panic!("{shape:?}") };
    /// assert_eq!((&*user.name, &user.shape, user.optional), ("user", &Shape::Id("User".into()), false));
    /// assert_eq!((&*comment.name, comment.optional), ("comment", true));
    /// ```
    pub fn of_input(schema: SchemaOf) -> Self {
        Self::of(schema, SchemaSettings::default().for_deserialize())
    }

    /// The shape of what is written, such as an action's result or a document. A field that an input may lack is there,
    /// unless its type leaves it out.
    pub fn of_output(schema: SchemaOf) -> Self {
        Self::of(schema, SchemaSettings::default().for_serialize())
    }

    fn of(schema: SchemaOf, settings: SchemaSettings) -> Self {
        let mut generator = SchemaGenerator::new(settings);
        let schema = schema(&mut generator);
        let definitions = generator.take_definitions(true);
        reader::read(schema.as_value(), &definitions)
    }

    /// The fields, if this is an object.
    pub fn fields(&self) -> &[Field] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }
}
