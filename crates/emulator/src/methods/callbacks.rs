//! `answerCallbackQuery`.

use super::Answer;
use crate::error::ApiError;
use crate::model::CallbackAnswer;
use crate::params::Params;
use crate::updates::CALLBACK_LIFE;
use crate::world::World;

/// Characters of the notification (Bot API).
const TEXT_MAX: usize = 200;

pub(super) fn answer(world: &mut World, params: &Params) -> Answer {
    let text = params.text("text").filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > TEXT_MAX) {
        return Err(ApiError::bad_request("MESSAGE_TOO_LONG"));
    }
    if params.text("url").is_some_and(|url| !url.is_empty()) {
        return Err(ApiError::bad_request("URL_INVALID"));
    }
    let now = world.clock.now();
    let id = params.text("callback_query_id").unwrap_or_default();
    let press = world.presses.get_mut(id);
    let press = press.filter(|press| press.answer.is_none() && press.at + CALLBACK_LIFE > now);
    let Some(press) = press else {
        return Err(ApiError::bad_request(
            "query is too old and response timeout expired or query ID is invalid",
        ));
    };
    press.answer = Some(CallbackAnswer {
        text: text.map(str::to_owned),
        show_alert: params.is_set("show_alert"),
    });
    Ok(true.into())
}
