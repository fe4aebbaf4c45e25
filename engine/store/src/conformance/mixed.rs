//! Commits that touch a durable and a volatile collection.

use super::Outcome;
use super::lab::{Item, Lab, assert_lost, id, names};
use crate::store::Contended;

pub(super) async fn a_commit_on_both_sides_is_all_or_nothing(lab: &Lab) -> Outcome {
    let mut both = lab.begin();
    lab.items.put(&mut both, &Item::new("a")).await?;
    lab.others.put(&mut both, &Item::new("a")).await?;
    let mut loses = lab.begin();
    lab.others.put(&mut loses, &Item::new("a").grouped("blue", 1)).await?;
    lab.items.put(&mut loses, &Item::new("b").grouped("blue", 1)).await?;
    lab.commit(both).await?;
    let lost = lab.commit(loses).await;
    assert!(matches!(lost, Err(crate::CommitError::Conflict(Contended::Doc(_)))), "{lost:?}");

    let tx = lab.begin();
    assert_eq!(names(&lab.items.scan(&tx, None, 10).await?), ["a"]);
    assert_eq!(lab.others.find(&tx, Item::of("blue")).await?, []);
    // What was held for the commit that lost has been let go.
    lab.put(&[Item::new("b")]).await?;
    Ok(())
}

pub(super) async fn a_reader_of_both_sides_is_checked(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a")]).await?;
    let (reader, still) = (lab.begin(), lab.begin());
    for tx in [&reader, &still] {
        assert!(lab.items.get(tx, &id("a")).await?.is_some());
        assert!(lab.others.get(tx, &id("b")).await?.is_none());
    }
    lab.commit(still).await?;
    lab.put(&[Item::new("a").grouped("red", 1)]).await?;
    assert_lost(lab.commit(reader).await, &Contended::Doc(lab.key("a")));
    Ok(())
}
