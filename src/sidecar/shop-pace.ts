/** From so many changes a second on, half a second after another, the shop is busy. A statement that wrote many at once is over by then. */
const busyRows = 100;
const spanMs = 500;

/**
 * What a sidecar rests after work, for each second of it, while the shop is busy: on two cores that its writers would use up, they
 * keep three quarters of their rate so (docs/measured/attach.md).
 */
const restFor = 10;

/** A shop that is busy for longer is followed at full speed, as what waits would grow without an end. */
const longestMs = 10 * 60_000;

/** How fast the shop writes into attached tables, and how much a sidecar holds back for it. */
export interface ShopPace {
  /** Told again and again how many changes triggers have noted in all. */
  saw(noted: number, at?: number): void;
  busy(at?: number): boolean;
  /** How long to rest after work that took so long, in milliseconds; 0: the shop is not busy. */
  rest(tookMs: number): number;
}

export function shopPace(): ShopPace {
  /** Of the last spans, the newest last. */
  let seen: { noted: number; at: number }[] = [];
  let busySince: number | null = null;

  /** Changes a second between two looks, the newest one at most so old. */
  const rate = (fromMs: number, toMs: number, now: number) => {
    const from = seen.findLast(({ at }) => at <= now - fromMs);
    const to = seen.findLast(({ at }) => at <= now - toMs);
    return from && to && to.at > from.at ? ((to.noted - from.noted) / (to.at - from.at)) * 1000 : 0;
  };

  const isBusy = (at: number) =>
    busySince !== null && at - busySince < longestMs && at - (seen.at(-1)?.at ?? 0) < 20 * spanMs;

  return {
    saw(noted, at = performance.now()) {
      seen = [...seen.filter((look) => look.at > at - 20 * spanMs), { noted, at }];
      const busy = rate(2 * spanMs, spanMs, at) >= busyRows && rate(spanMs, 0, at) >= busyRows;
      busySince = busy ? (busySince ?? at) : null;
    },
    busy: (at = performance.now()) => isBusy(at),
    rest: (tookMs) => (isBusy(performance.now()) ? restFor * tookMs : 0),
  };
}
