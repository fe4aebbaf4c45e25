//! Typed access to the documents of a concept.
//!
//! Every read goes by id or by an index that the document type declares; the one way to walk a whole collection is
//! called `scan`. So a query that gets slow with the number of documents cannot be written by accident.

use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use bytes::Bytes;

use crate::Id;
use crate::concept::Place;
use crate::error::StoreError;
use crate::key::{Key, Range, Scalar, encode};
use crate::spec::IndexSpec;
use crate::state::State;
use crate::storage::{CollectionId, DocKey, Lookup, NewDoc, Scan};
use crate::tx::Tx;

/// The documents of one type that a concept keeps: a field of the concept's struct.
pub struct Collection<T> {
    place: Option<Place>,
    holds: PhantomData<fn() -> T>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self { place: None, holds: PhantomData }
    }
}

impl<T> std::fmt::Debug for Collection<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.place.as_ref().map_or("(not registered)", |place| &*place.name);
        f.debug_tuple("Collection").field(&name).finish()
    }
}

impl<T: State> Collection<T> {
    /// Tells the collection where its documents are. The registry does this.
    pub fn bind(&mut self, place: Place) {
        self.place = Some(place);
    }

    /// The document with this id.
    pub async fn get(&self, tx: &Tx, id: &Id<T>) -> Result<Option<T>, StoreError> {
        let key = self.key(tx, id)?;
        let body = tx.body(key.clone()).await?;
        body.map(|body| self.read(tx, &key.id, &body)).transpose()
    }

    /// Adds a document; one with the same id, or the same values of a unique index, is an error.
    pub async fn insert(&self, tx: &mut Tx, doc: &T) -> Result<(), StoreError> {
        let key = self.key(tx, doc.id())?;
        self.check_all_unique(tx, doc).await?;
        // Last, as a look-up may have brought along a document with this very id.
        if tx.must_look(&key) && tx.body(key.clone()).await?.is_some() {
            return Err(self.duplicate(tx, "id")?);
        }
        write(tx, key, None, doc)
    }

    /// Adds a document or replaces the one with the same id.
    pub async fn put(&self, tx: &mut Tx, doc: &T) -> Result<(), StoreError> {
        let key = self.key(tx, doc.id())?;
        let before = tx.body(key.clone()).await?.map(|body| self.read(tx, &key.id, &body)).transpose()?;
        self.check_all_unique(tx, doc).await?;
        write(tx, key, before.as_ref(), doc)
    }

    /// Removes a document. Says whether there was one.
    pub async fn delete(&self, tx: &mut Tx, id: &Id<T>) -> Result<bool, StoreError> {
        let key = self.key(tx, id)?;
        let Some(body) = tx.body(key.clone()).await? else { return Ok(false) };
        let before = keys(&self.read(tx, &key.id, &body)?);
        tx.write(key, before, None);
        Ok(true)
    }

    /// The documents that a query on an index takes in, sorted by the index.
    pub async fn find(&self, tx: &Tx, query: Find<T>) -> Result<Vec<T>, StoreError> {
        let lookup = query.lookup(self.place(tx)?.id);
        let found = tx.find(&lookup).await?;
        let read = |(id, body): (Arc<str>, Bytes)| self.read(tx, &id, &body);
        let mut docs = found.stored.into_iter().map(read).collect::<Result<Vec<T>, _>>()?;
        if !found.own.is_empty() {
            docs.extend(found.own.into_iter().map(read).collect::<Result<Vec<T>, _>>()?);
            let sort_key = |doc: &T| (encode(&doc.key(lookup.index)), doc.id().clone());
            docs.sort_by_cached_key(sort_key);
            if lookup.descending {
                docs.reverse();
            }
        }
        docs.truncate(lookup.limit);
        Ok(docs)
    }

    /// The first document of a query.
    pub async fn first(&self, tx: &Tx, query: Find<T>) -> Result<Option<T>, StoreError> {
        Ok(self.find(tx, query.limit(1)).await?.pop())
    }

    /// Up to `limit` documents with ids after `after`, by id. To walk a large collection, go on from the last id.
    pub async fn scan(&self, tx: &Tx, after: Option<&Id<T>>, limit: usize) -> Result<Vec<T>, StoreError> {
        let after = after.map(|id| Arc::clone(id.text()));
        let rows = tx.scan(Scan { collection: self.place(tx)?.id, after, limit }).await?;
        rows.into_iter().map(|(id, body)| self.read(tx, &id, &body)).collect()
    }

    async fn check_all_unique(&self, tx: &Tx, doc: &T) -> Result<(), StoreError> {
        for (index, spec) in T::SPEC.indexes.iter().enumerate().filter(|(_, spec)| spec.unique) {
            // In a box, so that the future of every insert need not have room for it.
            Box::pin(self.check_unique(tx, index, spec, doc)).await?;
        }
        Ok(())
    }

    /// A unique index is a promise about all documents, so this look-up is part of what the transaction read: two that
    /// race for one value cannot both commit.
    async fn check_unique(&self, tx: &Tx, index: usize, spec: &IndexSpec, doc: &T) -> Result<(), StoreError> {
        let prefix = doc.key(index);
        if prefix.contains(&Scalar::Null) {
            return Ok(());
        }
        let query = Find { prefix, limit: 2, ..Find::all(index) };
        let others = self.find(tx, query).await?;
        if others.iter().any(|other| other.id() != doc.id()) {
            return Err(self.duplicate(tx, spec.name)?);
        }
        Ok(())
    }

    fn duplicate(&self, tx: &Tx, index: &'static str) -> Result<StoreError, StoreError> {
        Ok(StoreError::Duplicate { collection: Arc::clone(&self.place(tx)?.name), index })
    }

    fn key(&self, tx: &Tx, id: &Id<T>) -> Result<DocKey, StoreError> {
        Ok(DocKey { collection: self.place(tx)?.id, id: Arc::clone(id.text()) })
    }

    fn place(&self, tx: &Tx) -> Result<&Place, StoreError> {
        let misuse = || tx.spoil(StoreError::Misuse(format!("no registry knows {}", T::SPEC.name).into()));
        self.place.as_ref().ok_or_else(misuse)
    }

    fn read(&self, tx: &Tx, id: &Arc<str>, body: &Bytes) -> Result<T, StoreError> {
        // As one text, so that not each of its texts is looked at for being one.
        if let Ok(Ok(doc)) = str::from_utf8(body).map(serde_json::from_str) {
            return Ok(doc);
        }
        // Read again, slowly, to learn which field it is.
        let mut json = serde_json::Deserializer::from_slice(body);
        let collection = Arc::clone(&self.place(tx)?.name);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            tx.spoil(StoreError::Unreadable { collection, id: Arc::clone(id), cause: Arc::new(error) })
        })
    }
}

/// Notes that a document is to be written in place of `before`.
fn write<T: State>(tx: &mut Tx, key: DocKey, before: Option<&T>, doc: &T) -> Result<(), StoreError> {
    let body = serde_json::to_vec(doc).map_err(|error| {
        tx.spoil(StoreError::Misuse(format!("{} does not turn into JSON: {error}", T::SPEC.name).into()))
    })?;
    let before = before.map(keys).unwrap_or_default();
    // Without the room to grow that a vector has, the bytes need no header of their own.
    let body = Bytes::from(body.into_boxed_slice());
    tx.write(key, before, Some(NewDoc { body, keys: keys(doc) }));
    Ok(())
}

/// The encoded keys of a document, one for each index of its type.
pub(crate) fn keys<T: State>(doc: &T) -> Vec<Box<[u8]>> {
    (0..T::SPEC.indexes.len()).map(|index| encode(&doc.key(index))).collect()
}

/// A handle on an index over a field, or several, of `T`. `#[derive(State)]` makes one for each index: `Window::OWNER`.
pub struct Index<T, K> {
    place: usize,
    of: PhantomData<fn(K) -> T>,
}

impl<T: State, K> Index<T, K> {
    /// The index at this place in the list of the document type.
    #[doc(hidden)]
    pub const fn at(place: usize) -> Self {
        Self { place, of: PhantomData }
    }

    /// All documents, sorted by this index.
    pub fn all(&self) -> Find<T> {
        Find::all(self.place)
    }
}

impl<T: State, K: Key> Index<T, K> {
    /// The documents with this value.
    pub fn is(&self, value: &K) -> Find<T> {
        Find { prefix: vec![value.scalar()], ..self.all() }
    }

    /// The documents with a value in this range, sorted by it.
    pub fn within(&self, range: impl RangeBounds<K>) -> Find<T> {
        self.all().bounded(&range)
    }
}

impl<T: State, A: Key, B: Key> Index<T, (A, B)> {
    /// The documents with this first value, sorted by the second.
    pub fn first_is(&self, first: &A) -> Find<T> {
        Find { prefix: vec![first.scalar()], ..self.all() }
    }

    /// The documents with these two values.
    pub fn are(&self, first: &A, second: &B) -> Find<T> {
        Find { prefix: vec![first.scalar(), second.scalar()], ..self.all() }
    }

    /// The documents with this first value and a second one in this range, sorted by it.
    pub fn first_is_and(&self, first: &A, range: impl RangeBounds<B>) -> Find<T> {
        self.first_is(first).bounded(&range)
    }
}

/// A query on an index. Made by an [`Index`].
pub struct Find<T> {
    index: usize,
    prefix: Vec<Scalar>,
    lower: Bound<Scalar>,
    upper: Bound<Scalar>,
    descending: bool,
    limit: usize,
    of: PhantomData<fn() -> T>,
}

impl<T: State> Find<T> {
    fn all(index: usize) -> Self {
        Self {
            index,
            prefix: Vec::new(),
            lower: Bound::Unbounded,
            upper: Bound::Unbounded,
            descending: false,
            limit: usize::MAX,
            of: PhantomData,
        }
    }

    /// The greatest first.
    #[must_use]
    pub fn descending(self) -> Self {
        Self { descending: true, ..self }
    }

    /// At most so many.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    fn bounded<K: Key>(self, range: &impl RangeBounds<K>) -> Self {
        let lower = range.start_bound().map(Key::scalar);
        let upper = range.end_bound().map(Key::scalar);
        Self { lower, upper, ..self }
    }

    fn lookup(self, collection: CollectionId) -> Lookup {
        let Self { index, prefix, lower, upper, descending, limit, of: _ } = self;
        let range = Arc::new(Range::new(prefix, lower, upper));
        Lookup { collection, index, range, descending, limit }
    }
}
