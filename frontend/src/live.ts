/**
 * The live stream. Messages are hints ("an auction was cleared"), never personal data: a part of the page
 * that shows such news fetches itself again, under its reader's own rights. Where the stream cannot be
 * reached the page asks every 15 seconds instead.
 */

const POLL_MS = 15_000;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;
/** Readers of one stream do not all ask in the same instant. */
const SPREAD_MS = 300;

type Hint = { kind: string };
type State = "live" | "poll";

export function startLive(): void {
  const url = document.body.dataset["liveUrl"];
  const renewUrl = document.body.dataset["liveRenew"];
  const token = document.body.dataset["liveToken"];
  if (!url || !renewUrl || !token) return;
  new Stream(url, renewUrl).open(token);
}

class Stream {
  private source: EventSource | null = null;
  private lastId = "";
  private retryMs = FIRST_RETRY_MS;

  constructor(
    private readonly url: string,
    private readonly renewUrl: string,
  ) {
    window.setInterval(() => {
      if (this.source?.readyState !== EventSource.OPEN) announce("poll");
    }, POLL_MS);
  }

  open(token: string): void {
    const query = new URLSearchParams({ token });
    if (this.lastId) query.set("since", this.lastId);
    const source = new EventSource(`${this.url}?${query}`);
    this.source = source;
    source.onopen = () => {
      this.retryMs = FIRST_RETRY_MS;
      show("live");
    };
    source.onmessage = (message: MessageEvent<string>) => {
      this.lastId = message.lastEventId;
      const hint = JSON.parse(message.data) as Hint;
      window.setTimeout(() => announce(hint.kind), Math.random() * SPREAD_MS);
    };
    source.onerror = () => {
      show("poll");
      // The browser reconnects by itself unless the server refused: then the token was too old, or there
      // is no stream here, which is asked ever more rarely.
      if (source.readyState === EventSource.CLOSED) this.renewLater();
    };
  }

  private renewLater(): void {
    window.setTimeout(() => void this.renew(), this.retryMs);
    this.retryMs = Math.min(2 * this.retryMs, LAST_RETRY_MS);
  }

  private async renew(): Promise<void> {
    try {
      const answer = await fetch(this.renewUrl, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const { token } = (await answer.json()) as { token: string };
        this.open(token);
        return;
      }
    } catch {
      // No network: asked again below.
    }
    this.renewLater();
  }
}

function announce(kind: string): void {
  document.body.dispatchEvent(new CustomEvent(`live-${kind}`));
}

function show(state: State): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-live-state]")) {
    element.dataset["liveState"] = state;
    const text = element.querySelector<HTMLElement>("[data-live-text]");
    const words = state === "live" ? element.dataset["textLive"] : element.dataset["textPoll"];
    if (text && words !== undefined && text.textContent !== words) text.textContent = words;
  }
}
