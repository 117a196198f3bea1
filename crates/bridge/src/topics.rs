//! Topics: in a chat that has them, the messages of a project go to a topic of its own, made when it is needed.

use std::time::Duration;

use cctelegram_core::delivery::Outcome;
use cctelegram_core::delivery::Work;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::ThreadId;
use cctelegram_core::message::Draft;
use cctelegram_core::message::FileMessage;
use cctelegram_core::message::Outgoing;
use cctelegram_store::Leased;
use cctelegram_store::StoreError;
use cctelegram_store::TopicPlace;
use cctelegram_telegram::SendOptions;
use cctelegram_telegram::TopicRefused;

use crate::app::App;
use crate::attachments;
use crate::config::PerProject;

/// Where no topic can be made or written to, the general one is used for so long.
const REST: Duration = Duration::from_hours(1);

/// What is sent in one call.
pub(crate) enum Sendable<'a> {
    Part(&'a Outgoing),
    File(&'a FileMessage),
}

impl Sendable<'_> {
    async fn send(&self, app: &App, chat: ChatId, options: SendOptions) -> Outcome {
        match self {
            Self::Part(part) => app.bot.client().send(chat, part, options).await,
            Self::File(file) => attachments::send(app, chat, file, options).await,
        }
    }
}

/// Sends a message to where it belongs. One message of a chat is under way at a time, so that nothing else makes the
/// same topic meanwhile.
pub(crate) async fn send(
    app: &App,
    row: &Leased,
    part: &Sendable<'_>,
    options: SendOptions,
) -> Outcome {
    match try_send(app, row, part, options).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let cause = format!(
                "the topic cannot be looked up: {:#}",
                anyhow::Error::from(error)
            );
            Outcome::Retry { cause }
        }
    }
}

async fn try_send(
    app: &App,
    row: &Leased,
    part: &Sendable<'_>,
    options: SendOptions,
) -> Result<Outcome, StoreError> {
    let chat = row.chat;
    let Some(project) = project(app, row).await? else {
        return Ok(part.send(app, chat, options).await);
    };
    // A topic that is gone is made anew once; after that the general one has to do.
    for _ in 0..2 {
        let thread = match thread(app, chat, &project).await? {
            Ok(thread) => thread,
            Err(outcome) => return Ok(outcome),
        };
        let outcome = part
            .send(app, chat, SendOptions { thread, ..options })
            .await;
        let Outcome::NoThread { closed } = outcome else {
            return Ok(outcome);
        };
        if closed {
            break;
        }
        app.store.forget_topic(chat, &project).await?;
    }
    let until = app.now().plus(REST);
    tracing::warn!(
        chat.id = chat.0,
        project,
        "its topic cannot be written to: the general one is used"
    );
    app.store.rest_topic(chat, &project, until).await?;
    Ok(part.send(app, chat, options).await)
}

/// The project whose topic the row's message belongs to.
async fn project(app: &App, row: &Leased) -> Result<Option<String>, StoreError> {
    let of_project = match &row.work {
        Work::Event
        | Work::Count
        | Work::Progress { .. }
        | Work::Approval { .. }
        | Work::Reminder { .. }
        | Work::Details => true,
        // A list is of several projects.
        Work::ApprovalEdit { .. }
        | Work::Notice { .. }
        | Work::Folded { .. }
        | Work::ListDetails { .. }
        | Work::Enrolment { .. }
        | Work::Held { .. } => false,
    };
    let project = row.event.as_ref().and_then(|event| event.project.as_ref());
    let project = project.filter(|project| of_project && !project.trim().is_empty());
    let Some(project) = project else {
        return Ok(None);
    };
    Ok(has_topics(app, row.chat).await?.then(|| project.clone()))
}

async fn has_topics(app: &App, chat: ChatId) -> Result<bool, StoreError> {
    if app.config.chats.topics == PerProject::Nothing {
        return Ok(false);
    }
    if !chat.is_group() {
        return Ok(app.bot.has_private_topics());
    }
    let group = app.store.enrolled_chat(chat).await?;
    Ok(group.is_some_and(|group| group.forum))
}

/// The project's topic, made if need be; none is the general one. An outcome is what stands in the way of any message.
async fn thread(
    app: &App,
    chat: ChatId,
    project: &str,
) -> Result<Result<Option<ThreadId>, Outcome>, StoreError> {
    match app.store.topic(chat, project, app.now()).await? {
        TopicPlace::Thread(thread) => return Ok(Ok(Some(thread))),
        TopicPlace::General => return Ok(Ok(None)),
        TopicPlace::Unmade => {}
    }
    let name = Draft::new().plain(project).finish();
    Ok(match app.bot.client().create_topic(chat, &name).await {
        Ok(thread) => {
            app.store
                .remember_topic(chat, project, thread, app.now())
                .await?;
            Ok(Some(thread))
        }
        Err(TopicRefused::Never(reason)) => {
            tracing::warn!(
                chat.id = chat.0,
                project,
                reason,
                "no topic can be made: the general one is used"
            );
            let until = app.now().plus(REST);
            app.store.rest_topic(chat, project, until).await?;
            Ok(None)
        }
        Err(TopicRefused::NotNow(cause)) => Err(Outcome::Retry { cause }),
        Err(TopicRefused::Limited { after }) => Err(Outcome::Limited { after }),
        Err(TopicRefused::Chat(outcome)) => Err(outcome),
    })
}
