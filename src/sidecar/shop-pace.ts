/** From so many changes a second on, half a second after another, the shop is busy. A statement that wrote many at once is over by then. */
const busyRows = 100;
const spanMs = 500;

/**
 * What a sidecar rests after work, for each second of it, while the shop is busy: on two cores that its writers would use up, they
 * keep three quarters of their rate so (docs/measured/attach.md).
 */
const restFor = 10;
/** A slow batch's rest is no longer: names wait, and who looks at the sidecar's health wants to see its loops turn. */
const longestRestMs = 10_000;

/** After so long a quiet what waited is taken in. */
const quietMs = 60_000;

/** What was seen longer ago says nothing. */
const forgottenMs = 3 * longestRestMs;

/** A shop that is busy for longer is followed at full speed, as what waits would grow without an end. */
const longestMs = 10 * 60_000;

/** How fast the shop writes into attached tables, and how much a sidecar holds back for it. */
export interface ShopPace {
  /** Told again and again how many changes triggers have noted in all. */
  saw(noted: number, at?: number): void;
  busy(at?: number): boolean;
  /** How long to rest after work that took so long, in milliseconds, 10 s at most; 0: the shop is not busy. */
  rest(tookMs: number): number;
}

export function shopPace(): ShopPace {
  /** The look that the span under way began with. */
  let mark: { noted: number; at: number } | null = null;
  /** Spans one after another in which the shop wrote much; a longer rest makes longer spans. */
  let busySpans = 0;
  let busySince = 0;
  let busyLast = Number.NEGATIVE_INFINITY;

  const isBusy = (at: number) =>
    busySpans >= 2 && at - busySince < longestMs && at - (mark?.at ?? 0) < forgottenMs;

  return {
    saw(noted, at = performance.now()) {
      if (mark === null || at - mark.at > forgottenMs) busySpans = 0;
      else if (at - mark.at < spanMs) return;
      else if (((noted - mark.noted) / (at - mark.at)) * 1000 < busyRows) busySpans = 0;
      else busySpans += 1;
      mark = { noted, at };
      if (busySpans < 2) return;
      // a moment's quiet does not begin the ten minutes anew
      if (at - busyLast > quietMs) busySince = at;
      busyLast = at;
    },
    busy: (at = performance.now()) => isBusy(at),
    rest: (tookMs) => (isBusy(performance.now()) ? Math.min(restFor * tookMs, longestRestMs) : 0),
  };
}
