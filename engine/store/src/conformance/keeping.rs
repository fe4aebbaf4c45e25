//! What is kept, and that nothing else is.

use std::sync::mpsc;

use concord::storage::{Changes, NewDoc, Write};

use super::Outcome;
use super::lab::{Item, Lab, assert_lost, id, names};
use crate::store::{Commit, Contended, Effects, Owed};

pub(super) async fn a_version_never_comes_back(lab: &Lab) -> Outcome {
    let mut seen = Vec::new();
    for _ in 0..3 {
        lab.put(&[Item::new("a")]).await?;
        seen.push(lab.version("a").await?);
        lab.put(&[Item::new("a")]).await?;
        seen.push(lab.version("a").await?);
        let mut tx = lab.begin();
        lab.items.delete(&mut tx, &id("a")).await?;
        lab.commit(tx).await?;
        assert_eq!(lab.version("a").await?, None);
    }
    let drawn = seen.len();
    seen.dedup();
    assert!(seen.is_sorted() && seen.len() == drawn && !seen.contains(&None), "{seen:?}");

    lab.put(&[Item::new("a")]).await?;
    let mut early = lab.begin();
    lab.items.put(&mut early, &Item::new("a").grouped("red", 1)).await?;
    let mut tx = lab.begin();
    lab.items.delete(&mut tx, &id("a")).await?;
    lab.commit(tx).await?;
    lab.put(&[Item::new("a")]).await?;
    assert_lost(lab.commit(early).await, &Contended::Doc(lab.key("a")));
    Ok(())
}

pub(super) async fn a_commit_is_all_or_nothing(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("m")]).await?;
    for moved in ["a", "m", "z"] {
        // The document that stands in the way is the first, the middle or the last of those to be written.
        let mut tx = lab.begin();
        for name in ["a", "m", "z"] {
            lab.items.put(&mut tx, &Item::new(name).grouped("blue", 1)).await?;
        }
        lab.put(&[Item::new(moved)]).await?;
        assert_lost(lab.commit(tx).await, &Contended::Doc(lab.key(moved)));
        assert!(lab.items.find(&lab.begin(), Item::of("blue")).await?.is_empty());
        let mut tx = lab.begin();
        for name in ["a", "z"] {
            lab.items.delete(&mut tx, &id(name)).await?;
        }
        lab.commit(tx).await?;
    }
    assert_eq!(names(&lab.items.scan(&lab.begin(), None, 10).await?), ["m"]);
    Ok(())
}

pub(super) async fn effects_go_out_in_the_order_of_commits(lab: &Lab) -> Outcome {
    let (sender, receiver) = mpsc::channel();
    lab.put(&[Item::new("count")]).await?;
    for _ in 0..50 {
        // Of those who count from the same number one wins; of the others nothing is heard.
        let mut contenders = Vec::new();
        for _ in 0..4 {
            let mut tx = lab.begin();
            let item = lab.items.get(&tx, &id("count")).await?.ok_or("it is there")?;
            let count = item.rank + 1;
            lab.items.put(&mut tx, &item.grouped("red", count)).await?;
            let sender = sender.clone();
            let effects = Effects::new(move || sender.send(count).unwrap_or_default());
            contenders.push(Commit { changes: tx.finish()?, effects, ..Commit::default() });
        }
        let answers: Vec<_> = contenders.into_iter().map(|commit| lab.store.commit(commit)).collect();
        for answer in answers {
            drop(answer.wait().await);
        }
    }
    let heard: Vec<i64> = receiver.try_iter().collect();
    let last = lab.items.get(&lab.begin(), &id("count")).await?.ok_or("it is there")?.rank;
    assert_eq!(heard, (1..=last).collect::<Vec<i64>>());
    Ok(())
}

pub(super) async fn a_document_comes_back_as_it_was(lab: &Lab) -> Outcome {
    let bodies =
        [r#"{"text":"\"é\u0000\\ 'quoted' %_;--"}"#.to_owned(), format!("[{:?}]", "x".repeat(100_000))];
    for (n, body) in bodies.into_iter().enumerate() {
        let key = lab.key(&format!("body{n} 'é%"));
        let keys = vec![vec![0].into(), vec![0].into(), vec![0, 0].into(), vec![0, 0].into()];
        let after = Some(NewDoc { body: body.clone().into(), keys });
        let write = Write { key: key.clone(), expected: None, before: Vec::new(), after };
        let changes = Changes { writes: vec![write], ..Changes::default() };
        lab.store.commit(Commit { changes, ..Commit::default() }).wait().await?;
        let snapshot = lab.store.snapshot().wait().await?;
        let doc = snapshot.get(&key).wait().await?.ok_or("the document is there")?;
        assert_eq!((doc.id, doc.body), (key.id, body.into()));
    }
    Ok(())
}

pub(super) async fn collections_keep_to_themselves(lab: &Lab) -> Outcome {
    lab.put(&[Item::new("a").tagged("x")]).await?;
    let mut tx = lab.begin();
    assert_eq!(lab.others.get(&tx, &id("a")).await?, None);
    assert!(lab.others.find(&tx, Item::of("red")).await?.is_empty());
    assert!(lab.others.scan(&tx, None, 10).await?.is_empty());
    lab.others.insert(&mut tx, &Item::new("a").tagged("x").grouped("red", 1)).await?;
    lab.commit(tx).await?;
    assert_eq!(lab.get("a").await?, Some(Item::new("a").tagged("x")));
    Ok(())
}

pub(super) async fn the_journal_keeps_the_order(lab: &Lab) -> Outcome {
    // Young enough for any retention: a store measures age from the youngest.
    let (one, two) = (5_u128 << 80, 5_u128 << 80 | 1);
    for n in 0..20 {
        let mut tx = lab.begin();
        lab.items.put(&mut tx, &Item::new("a").grouped("red", n)).await?;
        let texts = [format!(r#"{{"n":{n}}}"#), format!(r#"{{"n":{n},"é":2}}"#), format!(r#"["{n}"]"#)];
        lab.commit_with(tx, &[(two, &texts[0]), (one, &texts[1]), (two, &texts[2])]).await?;
    }
    let of_two = lab.store.journal(two).wait().await?;
    let expected: Vec<String> =
        (0..20).flat_map(|n| [format!(r#"{{"n":{n}}}"#), format!(r#"["{n}"]"#)]).collect();
    assert_eq!(of_two, expected);
    assert_eq!(lab.store.journal(one).wait().await?.len(), 20);
    assert!(lab.store.journal(5 << 80 | 2).wait().await?.is_empty());
    Ok(())
}

pub(super) async fn a_conflict_leaves_nothing_in_the_journal(lab: &Lab) -> Outcome {
    let flow = 5_u128 << 80;
    let (mut first, mut second) = (lab.begin(), lab.begin());
    lab.items.put(&mut first, &Item::new("a")).await?;
    lab.items.put(&mut second, &Item::new("a")).await?;
    lab.commit_with(first, &[(flow, "1")]).await?;
    assert_lost(lab.commit_with(second, &[(flow, "2")]).await, &Contended::Doc(lab.key("a")));
    assert_eq!(lab.store.journal(flow).wait().await?, ["1"]);
    Ok(())
}

pub(super) async fn what_is_owed_is_kept_until_it_is_done(lab: &Lab) -> Outcome {
    let (one, two) = (5_u128 << 80, 5_u128 << 80 | 1);
    let row = |flow, text: &'static str| Owed { row: Some((flow, text.into())), closed: Vec::new() };
    for (n, owed) in (0..).zip([row(two, "a"), row(one, "b"), row(two, "c")]) {
        let mut tx = lab.begin();
        lab.items.put(&mut tx, &Item::new("a").grouped("red", n)).await?;
        lab.commit_owing(tx, owed).await?;
    }
    // What loses a conflict owes nothing.
    let (mut first, mut second) = (lab.begin(), lab.begin());
    lab.items.put(&mut first, &Item::new("b")).await?;
    lab.items.put(&mut second, &Item::new("b")).await?;
    lab.commit(first).await?;
    assert_lost(lab.commit_owing(second, row(one, "d")).await, &Contended::Doc(lab.key("b")));
    let open = lab.store.open_flows().wait().await?;
    let rows: Vec<(u128, Vec<_>)> = open.into_iter().map(|open| (open.flow, open.rows)).collect();
    assert_eq!(rows, [(one, vec!["b".into()]), (two, vec!["a".into(), bytes::Bytes::from("c")])]);

    let mut tx = lab.begin();
    lab.items.put(&mut tx, &Item::new("c")).await?;
    lab.commit_owing(tx, Owed { row: Some((one, "e".into())), closed: vec![two] }).await?;
    let open = lab.store.open_flows().wait().await?;
    assert_eq!(open.iter().map(|open| (open.flow, open.rows.len())).collect::<Vec<_>>(), [(one, 2)]);
    // A commit may do nothing else.
    lab.commit_owing(lab.begin(), Owed { row: None, closed: vec![one] }).await?;
    assert!(lab.store.open_flows().wait().await?.is_empty());
    Ok(())
}
