//! Laws of the runtime, over every read model: rows and cursor, batches, rebuilds, rivals.

use std::cell::Cell;
use std::pin::pin;
use std::task::Poll;

use futures::{FutureExt, StreamExt, stream};
use piperoll_events::Position;
use piperoll_projections::READ_MODELS;
use piperoll_projections::runtime::{
    Begun, Cursor, Plan, Rebuild, RuntimeError, Verdict, follow, rebuild,
};
use tokio::sync::watch;

use super::ground::on_ground;
use super::histories::{Forgery, some_history};
use super::over_histories;

#[test]
fn batch_size_makes_no_difference_and_neither_does_a_restart() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        for &model in READ_MODELS {
            let whole = ground.take(history.ledger, model).await;
            whole.follow(history.batches(0, &[usize::MAX])).await.unwrap();
            let parts = ground.take(history.ledger, model).await;
            let batches = history.batches(0, &sizes);
            let (before, after) = batches.split_at(batches.len() / 2);
            parts.follow(before.to_vec()).await.unwrap();
            parts.follow(after.to_vec()).await.unwrap();
            assert_eq!(parts.rows(None).await, whole.rows(None).await);
            let (a, b) = (parts.cursor().await, whole.cursor().await);
            assert_eq!(
                (a.position, a.known_at, a.opened_at),
                (history.head(), b.known_at, b.opened_at)
            );
            ground.give(whole);
            ground.give(parts);
        }
    });
}

#[test]
fn a_fact_handed_over_twice_counts_once() {
    over_histories(Forgery::Absent, async |ground, history, sizes| {
        for &model in READ_MODELS {
            let once = ground.take(history.ledger, model).await;
            once.follow(history.batches(0, &sizes)).await.unwrap();
            let twice = ground.take(history.ledger, model).await;
            let mut batches = history.batches(0, &sizes);
            batches = batches.into_iter().flat_map(|batch| [batch.clone(), batch]).collect();
            twice.follow(batches).await.unwrap();
            twice.follow(history.batches(0, &[usize::MAX])).await.unwrap();
            assert_eq!(twice.rows(None).await, once.rows(None).await);
            ground.give(once);
            ground.give(twice);
        }
    });
}

#[test]
fn a_position_left_out_stops_the_projector_and_writes_nothing() {
    on_ground(async |ground| {
        let history = some_history();
        for &model in READ_MODELS {
            let kept = ground.take(history.ledger, model).await;
            kept.follow(history.batches(0, &[usize::MAX])[..1].to_vec()).await.unwrap();
            let before = kept.rows(None).await;
            let mut beyond = history.entries[0].placed.clone();
            beyond.position = Position(history.head().0 + 2);
            let stopped = kept.follow(vec![vec![beyond]]).await;
            assert!(matches!(stopped, Err(RuntimeError::Gap { .. })), "{stopped:?}");
            assert_eq!(kept.rows(None).await, before);
            ground.give(kept);
        }
    });
}

#[test]
fn a_rebuild_gives_the_rows_that_were_live() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        for &model in READ_MODELS {
            let kept = ground.take(history.ledger, model).await;
            kept.follow(history.batches(0, &sizes)).await.unwrap();
            let live = kept.rows(None).await;
            let plan = kept.plan(history.head());
            let batches = stream::iter(history.batches(0, &[7]).into_iter().map(Ok));
            let (_cancel, cancelled) = watch::channel(false);
            let rebuilt =
                rebuild(plan, batches, cancelled, |_| {}, |_| Verdict::Swap).await.unwrap();
            let comparison = rebuilt.comparison.unwrap();
            assert_eq!(comparison.differences, []);
            assert!(rebuilt.swapped && rebuilt.position == history.head());
            assert_eq!(kept.rows(None).await, live);
            ground.give(kept);
        }
    });
}

#[test]
fn a_rebuild_killed_anywhere_and_begun_again_gives_the_rows_that_were_live() {
    let (taken_out, again) = (Cell::new(0), Cell::new(0));
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        for &model in READ_MODELS {
            let kept = ground.take(history.ledger, model).await;
            kept.follow(history.batches(0, &sizes)).await.unwrap();
            let live = kept.rows(None).await;
            // Of four, one never writes its heads before the end.
            let marks = u64::try_from(sizes[0] * 5).unwrap();
            let mark_every = if sizes.len() == 4 { u64::MAX } else { marks };
            let plan = Plan { mark_every, ..kept.plan(history.head()) };
            let batches = || stream::iter(history.batches(0, &sizes).into_iter().map(Ok));
            let (_cancel, cancelled) = watch::channel(false);
            for polls in sizes.iter().chain(&[3, 9, 27]) {
                let rebuild = begun(plan).await;
                let run = rebuild.run(batches(), cancelled.clone(), |_| {}, |_| Verdict::Leave);
                killed_after(polls * 3, run).await;
                let reached = Cursor::read(&*kept.client, &kept.schema.shadow()).await.unwrap();
                match begun(plan).await.begun() {
                    Begun::Anew {} => unreachable!("the shadow is gone"),
                    Begun::Again { .. } => again.set(again.get() + 1),
                    Begun::Resumed { after } if *after < reached.position => {
                        taken_out.set(taken_out.get() + 1);
                    }
                    Begun::Resumed { .. } => {}
                }
                assert_eq!(kept.rows(None).await, live);
            }
            let run = begun(plan).await.run(batches(), cancelled, |_| {}, |_| Verdict::Swap);
            let rebuilt = run.await.unwrap();
            assert_eq!(rebuilt.comparison.unwrap().differences, []);
            assert_eq!(kept.rows(None).await, live);
            ground.give(kept);
        }
    });
    let (taken_out, again) = (taken_out.get(), again.get());
    assert!(taken_out > 0 && again > 0, "past a mark: {taken_out}; begun again: {again}");
}

/// Waits until whoever was killed is gone.
async fn begun(plan: Plan<'_>) -> Rebuild<'_> {
    loop {
        match Rebuild::begin(plan).await {
            Err(RuntimeError::Held { .. }) => tokio::task::yield_now().await,
            begun => break begun.unwrap(),
        }
    }
}

#[test]
fn a_rebuild_finds_a_row_that_somebody_changed() {
    on_ground(async |ground| {
        let history = some_history();
        let kept = ground.take(history.ledger, READ_MODELS[0]).await;
        kept.follow(history.batches(0, &[50])).await.unwrap();
        let forged = kept.schema.sql("update @.submission set value = 12345");
        assert!(kept.client.execute(&forged, &[]).await.unwrap() > 0);
        let plan = kept.plan(history.head());
        let batches = stream::iter(history.batches(0, &[7]).into_iter().map(Ok));
        let (_cancel, cancelled) = watch::channel(false);
        let rebuilt = rebuild(plan, batches, cancelled, |_| {}, |_| Verdict::Leave).await.unwrap();
        let differ: Vec<String> =
            rebuilt.comparison.unwrap().differences.into_iter().map(|d| d.table).collect();
        assert_eq!(differ, ["submission"]);
        ground.give(kept);
    });
}

#[test]
fn what_stands_at_a_position_never_changes_once_it_is_written() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        for &model in READ_MODELS {
            let kept = ground.take(history.ledger, model).await;
            let mut written = Vec::new();
            for batch in history.batches(0, &[sizes[0] * 9]) {
                let cursor = kept.follow(vec![batch]).await.unwrap();
                written.push((cursor.position, kept.rows(Some(cursor.position)).await));
            }
            for (position, then) in written {
                assert_eq!(kept.rows(Some(position)).await, then, "as at {position}");
            }
            ground.give(kept);
        }
    });
}

/// Drops a worker after it was polled so many times: the process dying between any two lines.
async fn killed_after(polls: usize, work: impl Future) {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| {
        left = left.saturating_sub(1);
        if left == 0 || work.poll_unpin(context).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[test]
fn rows_never_stand_without_their_cursor_wherever_a_worker_dies() {
    over_histories(Forgery::Thrown, async |ground, history, sizes| {
        for &model in READ_MODELS {
            let whole = ground.take(history.ledger, model).await;
            whole.follow(history.batches(0, &[usize::MAX])).await.unwrap();
            let kept = ground.take(history.ledger, model).await;
            for polls in sizes.iter().chain(&[3, 9]) {
                killed_after(polls * 4, kept.follow(history.batches(0, &sizes))).await;
                let at = kept.cursor().await.position;
                assert!(kept.last_row().await <= at.0);
                assert_eq!(kept.rows(Some(at)).await, whole.rows(Some(at)).await);
            }
            kept.follow(history.batches(0, &sizes)).await.unwrap();
            assert_eq!(kept.rows(None).await, whole.rows(None).await);
            ground.give(whole);
            ground.give(kept);
        }
    });
}

#[test]
fn of_two_projectors_one_is_fenced() {
    on_ground(async |ground| {
        let history = some_history();
        for &model in READ_MODELS {
            let kept = ground.take(history.ledger, model).await;
            let first = kept.fence().await.unwrap();
            assert!(matches!(kept.fence().await, Err(RuntimeError::Held { .. })));
            // The first one's lock is lost, as when its server forgets it; it has not noticed yet.
            let raised = kept.schema.sql("update @.cursor set epoch = epoch + 1");
            kept.client.execute(&raised, &[]).await.unwrap();
            let (reached, _) = watch::channel(Position::START);
            let batches = stream::iter(history.batches(0, &[5]).into_iter().map(Ok));
            let ended = follow(first, batches, &reached).await;
            assert!(matches!(ended, Err(RuntimeError::Fenced { .. })), "{ended:?}");
            assert_eq!((kept.last_row().await, kept.cursor().await.position), (0, Position::START));
            let second = kept.follow(history.batches(0, &[5])).await.unwrap();
            assert_eq!(second.position, history.head());
            ground.give(kept);
        }
    });
}

#[test]
fn an_unknown_event_stops_the_projector_and_what_was_before_it_stands() {
    on_ground(async |ground| {
        let history = some_history();
        for &model in READ_MODELS {
            let kept = ground.take(history.ledger, model).await;
            let before = history.batches(0, &[10])[..3].to_vec();
            let needs = "events of type `piperoll.measure.sung.v1` need Piperoll 9.0.0 or later";
            let batches =
                stream::iter(before.into_iter().map(Ok)).chain(stream::iter([Err(needs.into())]));
            let fence = kept.fence().await.unwrap();
            let (reached, _) = watch::channel(Position::START);
            let ended = follow(fence, batches, &reached).await;
            assert!(matches!(ended, Err(RuntimeError::Source(_))), "{ended:?}");
            assert_eq!(kept.cursor().await.position, Position(30));
            assert_eq!(kept.last_row().await, 30);
            let after = kept.follow(history.batches(30, &[10])).await.unwrap();
            assert_eq!(after.position, history.head());
            ground.give(kept);
        }
    });
}
