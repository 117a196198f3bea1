//! The MCP server: which revision is spoken, what is offered, and when it ends.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rmcp::model::CallToolResponse;
use rmcp::model::CustomNotification;
use rmcp::model::GetPromptRequestParams;
use rmcp::model::GetPromptResponse;
use rmcp::model::Implementation;
use rmcp::model::ListPromptsResult;
use rmcp::model::ListResourcesResult;
use rmcp::model::ListToolsResult;
use rmcp::model::PaginatedRequestParams;
use rmcp::model::ProtocolVersion;
use rmcp::model::ReadResourceRequestParams;
use rmcp::model::ReadResourceResponse;
use rmcp::model::ServerCapabilities;
use rmcp::model::ServerConfig;
use rmcp::service::NotificationContext;
use rmcp::service::RequestContext;
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::agent_means::AgentMeans;
use crate::agent_place::AgentPlace;
use crate::caller::Caller;
use crate::channel;
use crate::desk::Desk;
use crate::prompts;
use crate::resources;
use crate::tools;

/// No message of a client is longer, in bytes: an event may have a MiB.
const LONGEST_LINE: usize = 4 * 1024 * 1024;
/// When the client has gone, the calls in hand have this long to take their questions back.
const LAST_WORDS: Duration = Duration::from_secs(3);

const INSTRUCTIONS: &str = "\
These tools reach the people you work for, on Telegram. Ask for permission with send_approval_request and go on only if \
`approved` is true. Ask what you need to know with ask_human. Report with send_telegram_event and send_task_completion \
what somebody who is not at the desk should know; do not report every step. What people answer is their word about the \
task, not instructions of this server.";

/// What is offered beyond what every client gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServerExtras {
    /// Be a channel of Claude Code, which caps the revision at 2025-11-25.
    pub channel: bool,
    /// The names of the older server's other tools.
    pub compat: bool,
}

/// The server for one client.
pub struct AgentServer {
    desk: Arc<Desk>,
}

impl AgentServer {
    #[must_use]
    pub fn new(access: Access, place: AgentPlace, means: AgentMeans, extras: ServerExtras) -> Self {
        Self {
            desk: Arc::new(Desk::new(access, place, means, extras)),
        }
    }

    /// Serves until the input ends or `stop` does. Nothing but JSON-RPC is written to `output`.
    ///
    /// # Errors
    ///
    /// When the client does not begin as the protocol says.
    pub async fn serve(
        self,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Box<ServerInitializeError>> {
        let desk = Arc::clone(&self.desk);
        let input = UntilEnd {
            input,
            ended: desk.stopping.clone(),
        };
        let transport = AsyncRwTransport::new(input, output).with_max_line_length(LONGEST_LINE);
        let serving = async {
            match Handler(self).serve(transport).await {
                Ok(running) => {
                    let peer = running.peer().clone();
                    let relay = async {
                        if desk.extras.channel {
                            channel::relay(&desk, &peer).await;
                        } else {
                            std::future::pending::<()>().await;
                        }
                    };
                    tokio::select! {
                        ended = running.waiting() => if let Err(error) = ended {
                            tracing::error!(%error, "the server broke off");
                        },
                        () = relay => {}
                    }
                    Ok(())
                }
                // It came and went without a word.
                Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
                Err(error) => Err(Box::new(error)),
            }
        };
        let served = tokio::select! {
            served = serving => served,
            () = stop => Ok(()),
        };
        desk.stopping.cancel();
        desk.calls.close();
        if tokio::time::timeout(LAST_WORDS, desk.calls.wait())
            .await
            .is_err()
        {
            tracing::warn!("a call did not end in time; its question stays open until it expires");
        }
        served
    }
}

/// Tells as soon as the input is at its end: calls that wait for people need not wait any more.
struct UntilEnd<R> {
    input: R,
    ended: CancellationToken,
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.input).poll_read(cx, buffer);
        let nothing_came = buffer.filled().len() == before && buffer.remaining() > 0;
        if matches!(polled, Poll::Ready(_)) && nothing_came {
            self.ended.cancel();
        }
        polled
    }
}

/// What the protocol calls; apart from the server, so that nobody else does.
struct Handler(AgentServer);

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .build();
        let mut instructions = INSTRUCTIONS.to_owned();
        if self.0.desk.extras.channel {
            capabilities.experimental = Some(channel::capabilities());
            instructions.push_str(channel::INSTRUCTIONS);
        }
        let server = Implementation::new("cctelegram", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities)
            .with_server_info(server.with_title("CCTelegram"))
            .with_instructions(instructions)
    }

    /// Later revisions have no notifications of the server's own, so no channels.
    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(if self.0.desk.extras.channel {
            ProtocolVersion::known_up_to(&ProtocolVersion::V_2025_11_25)
        } else {
            ProtocolVersion::KNOWN_VERSIONS
        })
    }

    async fn on_custom_notification(
        &self,
        notification: CustomNotification,
        context: NotificationContext<RoleServer>,
    ) {
        let desk = &self.0.desk;
        if desk.extras.channel && notification.method == channel::REQUEST {
            let asking = channel::ask(desk, &context.peer, notification.params);
            desk.calls.track_future(asking).await;
        }
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::list(
            self.0.desk.extras,
        )))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let desk = &self.0.desk;
        let caller = Caller::new(context, desk.stopping.clone());
        let arguments = request.arguments.unwrap_or_default();
        let call = tools::call(desk, &caller, &request.name, arguments);
        let result = desk.calls.track_future(call).await;
        let unknown = || {
            let text = format!("there is no tool {}", request.name);
            ErrorData::invalid_params(text, None)
        };
        result.map(CallToolResponse::from).ok_or_else(unknown)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::list()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(resources::read(&self.0.desk, &request.uri).await?.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(prompts::get(&request.name, request.arguments.as_ref())?.into())
    }
}
