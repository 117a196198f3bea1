//! Files that travel with events.

use cctelegram_core::delivery::Work;
use cctelegram_core::event::Attachment;
use cctelegram_core::id::AttachmentId;
use cctelegram_core::id::MessageId;
use cctelegram_core::mode::Mode;
use cctelegram_store::Accept;
use cctelegram_store::AcceptOutcome;
use cctelegram_store::Marked;
use cctelegram_store::StoreError;
use cctelegram_store::StoredContent;
use cctelegram_store::Upload;
use uuid::Uuid;

use crate::fixture::ANNA;
use crate::fixture::BEN;
use crate::fixture::Fixture;
use crate::fixture::accept;
use crate::fixture::approval_id;
use crate::fixture::at;
use crate::fixture::decide;
use crate::fixture::event;
use crate::fixture::ids;
use crate::fixture::piece_of;
use crate::fixture::progress;
use crate::fixture::record;
use crate::fixture::request;
use crate::fixture::upload;
use crate::fixture::works;

/// The same with files.
fn with(accept: Accept, files: Vec<Attachment>) -> Accept {
    let event = accept.event.clone().with_files(files);
    Accept {
        content: event.digest(),
        event,
        ..accept
    }
}

async fn pieces(bridge: &Fixture, file: AttachmentId) -> u32 {
    let content = bridge.store.content(file).await.unwrap();
    content.map_or(0, |content| content.pieces)
}

#[tokio::test]
async fn a_file_comes_back_piece_by_piece_with_its_event() {
    let bridge = Fixture::new().await;
    let file = upload(&bridge.store, "a.bin", &[b"one", b"two"]).await;
    let other = upload(&bridge.store, "b.bin", &[b"x"]).await;
    assert_eq!(bridge.store.unused_bytes().await.unwrap(), 7);
    let files = vec![other, file.clone()];
    bridge
        .accept(with(accept(event("a"), &[ANNA]), files.clone()))
        .await;
    assert_eq!(bridge.store.unused_bytes().await.unwrap(), 0);
    let bridge = Fixture::open(bridge.crash().await).await;
    let leased = bridge.lease_one(at(1)).await;
    assert_eq!(leased.event.unwrap().attachments, files);
    let content = StoredContent {
        bytes: 6,
        pieces: 2,
    };
    assert_eq!(bridge.store.content(file.id).await.unwrap(), Some(content));
    for (number, piece) in [(0, Some("one")), (1, Some("two")), (2, None)] {
        let stored = bridge.store.piece(file.id, number).await.unwrap();
        assert_eq!(stored, piece.map(|text| text.as_bytes().to_vec()));
    }
    let upload = Upload {
        file: file.clone(),
        event: Some("a".parse().unwrap()),
    };
    assert_eq!(bridge.store.upload(file.id).await.unwrap(), Some(upload));
    bridge.close().await;
}

#[tokio::test]
async fn security_a_file_belongs_to_one_event_and_has_to_be_whole() {
    let bridge = Fixture::new().await;
    let file = upload(&bridge.store, "a.bin", &[b"one"]).await;
    let unfinished = AttachmentId(Uuid::now_v7());
    let begun = bridge.store.add_piece(piece_of(unfinished, 0, b"x"));
    begun.await.unwrap();
    assert_eq!(bridge.store.upload(unfinished).await.unwrap(), None);
    bridge
        .accept(with(accept(event("a"), &[ANNA]), vec![file.clone()]))
        .await;
    let half = Attachment {
        id: unfinished,
        ..file.clone()
    };
    for missing in [file.clone(), half] {
        let outcome = bridge
            .store
            .accept(with(accept(event("b"), &[ANNA]), vec![missing]))
            .await;
        assert_eq!(outcome.unwrap(), AcceptOutcome::NoSuchFile);
    }
    // Repeated, the first event is recognised, although its file has been claimed.
    let again = with(accept(event("a"), &[ANNA]), vec![file.clone()]);
    let outcome = bridge.store.accept(again).await.unwrap();
    assert_eq!(outcome, AcceptOutcome::Duplicate { approval: None });
    assert_eq!(bridge.waiting().await.len(), 1);
    let other = Attachment {
        sha256: "00".repeat(32),
        ..file.clone()
    };
    let outcome = bridge
        .store
        .accept(with(accept(event("a"), &[ANNA]), vec![other]));
    assert_eq!(outcome.await.unwrap(), AcceptOutcome::Conflict);
    let more = bridge.store.add_piece(piece_of(file.id, 7, b"late"));
    assert!(matches!(more.await, Err(StoreError::NoSuchFile(_))));
    bridge.close().await;
}

#[tokio::test]
async fn what_no_event_names_is_dropped() {
    let bridge = Fixture::new().await;
    let old = upload(&bridge.store, "old.bin", &[b"1"]).await;
    let dropped = upload(&bridge.store, "dropped.bin", &[b"2"]).await;
    let used = upload(&bridge.store, "used.bin", &[b"3"]).await;
    bridge
        .accept(with(accept(event("a"), &[ANNA]), vec![used.clone()]))
        .await;
    let all = vec![dropped.id, used.id];
    bridge.store.drop_unused(all).await.unwrap();
    assert_eq!(pieces(&bridge, dropped.id).await, 0);
    assert_eq!(bridge.store.clear_attachments(at(0)).await.unwrap(), 0);
    assert_eq!(bridge.store.clear_attachments(at(1)).await.unwrap(), 1);
    assert_eq!(pieces(&bridge, old.id).await, 0);
    assert_eq!(pieces(&bridge, used.id).await, 1);
    bridge.close().await;
}

#[tokio::test]
async fn content_goes_when_everybody_has_it_and_no_request_is_open() {
    let bridge = Fixture::new().await;
    let plain = upload(&bridge.store, "a.bin", &[b"1"]).await;
    let asked = upload(&bridge.store, "b.bin", &[b"2"]).await;
    bridge
        .accept(with(accept(event("a"), &[ANNA, BEN]), vec![plain.clone()]))
        .await;
    bridge
        .accept(with(request("b", 1, &[ANNA]), vec![asked.clone()]))
        .await;
    for leased in bridge.lease(at(1)).await {
        bridge.sent(&leased, 1).await;
    }
    bridge.store.clear_attachments(at(0)).await.unwrap();
    let left = (
        pieces(&bridge, plain.id).await,
        pieces(&bridge, asked.id).await,
    );
    assert_eq!(left, (1, 1), "Anna has the request only");
    let refused = bridge.lease_one(at(2)).await;
    let reason = "too big".to_owned();
    bridge.mark(&refused, Marked::Dead { reason }).await;
    bridge.store.clear_attachments(at(0)).await.unwrap();
    assert_eq!(pieces(&bridge, plain.id).await, 1, "it was refused");
    let update = bridge.update(1).await;
    bridge.store.decide(decide(update, 1, 0)).await.unwrap();
    bridge.send_all(at(61)).await;
    bridge.store.clear_attachments(at(0)).await.unwrap();
    assert_eq!(pieces(&bridge, asked.id).await, 0);
    let approval = bridge.store.approval(approval_id(1)).await.unwrap();
    assert!(approval.is_some(), "the request itself stays");
    bridge.close().await;
}

#[tokio::test]
async fn progress_with_files_is_a_message_of_its_own() {
    let bridge = Fixture::new().await;
    let file = upload(&bridge.store, "a.bin", &[b"1"]).await;
    bridge
        .accept(with(accept(progress("p1", "build"), &[ANNA]), vec![file]))
        .await;
    bridge
        .accept(accept(progress("p2", "build"), &[ANNA]))
        .await;
    let sent = bridge.send_all(at(1)).await;
    assert_eq!(ids(&sent), ["p1", "p2"]);
    let task = "build".to_owned();
    assert_eq!(works(&sent), [Work::Event, Work::Progress { task }]);
    bridge.close().await;
}

#[tokio::test]
async fn a_mute_ends_with_the_files_that_it_held_back() {
    let bridge = Fixture::new().await;
    let file = upload(&bridge.store, "a.bin", &[b"1"]).await;
    let held = |accept| Accept {
        hold: true,
        ..accept
    };
    bridge
        .accept(held(with(accept(event("a"), &[ANNA]), vec![file])))
        .await;
    bridge.accept(held(accept(event("b"), &[ANNA]))).await;
    let record = record(cctelegram_core::audit::EventName::ModeChanged, 1);
    bridge.store.unmute(at(1), record).await.unwrap();
    let sent = bridge.send_all(at(2)).await;
    assert_eq!(works(&sent).first(), Some(&Work::Event));
    assert_eq!(sent.len(), 2, "one event with its file, one list");
    assert!(Mode::Mute.holds(&event("b")));
    let first = MessageId(sent[0].row);
    let found = bridge.store.event_of_message(ANNA, first).await.unwrap();
    assert_eq!(found.unwrap().id.as_str(), "a");
    bridge.close().await;
}

#[tokio::test]
async fn security_all_files_together_have_a_bound() {
    let bridge = Fixture::new().await;
    let first = upload(&bridge.store, "a.bin", &[&[0; 600]]).await;
    bridge
        .accept(with(accept(event("a"), &[ANNA]), vec![first.clone()]))
        .await;
    let second = AttachmentId(Uuid::now_v7());
    let add = |number, size| {
        bridge
            .store
            .add_piece(piece_of(second, number, &vec![0; size]))
    };
    add(0, 400).await.unwrap();
    let refused = add(1, 1).await;
    assert!(matches!(refused, Err(StoreError::FilesFull(1_000))));
    assert_eq!(pieces(&bridge, second).await, 1, "nothing of it is stored");
    bridge.send_all(at(1)).await;
    bridge.store.clear_attachments(at(0)).await.unwrap();
    add(1, 600).await.unwrap();
    bridge.close().await;
}

#[tokio::test]
async fn files_are_counted_apart_from_the_messages_of_their_event() {
    let bridge = Fixture::new().await;
    bridge.accept(accept(event("a"), &[ANNA])).await;
    let leased = bridge.lease_one(at(0)).await;
    let message = MessageId(1);
    let part = Marked::PartSent {
        message,
        parts_sent: 1,
    };
    for (mark, counts) in [
        (part, (1, 0)),
        (Marked::FileSent { message }, (2, 1)),
        (Marked::FileSent { message }, (3, 2)),
    ] {
        bridge.mark(&leased, mark).await;
        let sent = bridge.store.files_sent(leased.row).await.unwrap();
        assert_eq!((bridge.lease_one(at(0)).await.parts_sent, sent), counts);
    }
    bridge.close().await;
}
