import { log } from '../../log.ts';
import type { ProviderError } from '../types.ts';

/** One way to send a part of a request, and what a refusal of it mentions. */
export type Choice = readonly [value: string, mentions: RegExp];

/** What is sent for each part; undefined: the part is left out. `step`: how far thinking is reckoned with. */
export type Parts<Part extends string> = Readonly<Record<Part, string | undefined>> & {
  readonly step: number;
};

/** Tokens beside the answer for thinking that is not switched off, step by step; the switches are sent from the second on. */
const rooms = [0, 4000, 16_000] as const;

/** Refusals in a row that name no part, before anything was ever answered: then it may be the form all the same. */
const unnamedRefusals = 3;

/** A grammar that breaks a server comes as 500, a form that none of a router's servers knows as 404. */
const breaksOn = (status: number | undefined, told: string): boolean =>
  status === 500 || status === 501 || (status === 404 && /endpoints? found/i.test(told));

/** "unknown field `x`, expected one of `temperature`, …": what could have been sent is not what is refused. */
const wouldDo = /expected (?:one of|any of)[\s\S]*|supported (?:parameters|fields|params):[\s\S]*/i;

/**
 * Parts of a request that not every server or model takes. Each is a list of choices, best first; one that a server
 * refuses gives way to the next, and after the last the part is left out, for the rest of this process. Model lists in
 * code age, a server's own refusal does not, and a refusal costs no tokens.
 *
 * Thinking costs tokens, and is learnt from a reply that has nothing else: all known switches are sent then, and the limit
 * gets room beside the answer, more and more of it.
 */
export class Forms<Part extends string> {
  readonly #choices: Readonly<Record<Part, readonly Choice[]>>;
  readonly #parts: Part[];
  readonly #at: Map<Part, number>;
  /** How the answer's form is asked for: what is suspected where a refusal names nothing. */
  readonly #form: Part;
  /** Parts that switch thinking off, sent from the first step on. */
  readonly #switches: ReadonlySet<Part>;
  #step = 0;
  #highest = rooms.length - 1;
  #unnamed = 0;
  #answered = false;

  /**
   * @param switches parts that are sent only where the model was seen to think
   * @param form the part that says how the answer is to be written
   */
  constructor(
    choices: Readonly<Record<Part, readonly Choice[]>>,
    { form, switches = [] }: { form: NoInfer<Part>; switches?: readonly NoInfer<Part>[] },
  ) {
    this.#choices = choices;
    this.#parts = Object.keys(choices) as Part[];
    this.#at = new Map(this.#parts.map((part) => [part, 0]));
    this.#form = form;
    this.#switches = new Set(switches);
  }

  #value(part: Part): string | undefined {
    if (this.#switches.has(part) && this.#step === 0) return undefined;
    return this.#choices[part][this.#at.get(part) ?? 0]?.[0];
  }

  current(): Parts<Part> {
    const sent = Object.fromEntries(this.#parts.map((part) => [part, this.#value(part)]));
    return { ...sent, step: this.#step } as unknown as Parts<Part>;
  }

  /** Tokens beside the answer that a request with these parts leaves for thinking; `always`: it cannot be switched off. */
  room({ step }: { step: number } = { step: this.#step }, always = false): number {
    return rooms[Math.min(this.#highest, always ? Math.max(1, step) : step)] ?? 0;
  }

  /**
   * True when the failure is about something that was sent and that can be sent otherwise. Calls run side by side: what
   * another call has learnt meanwhile is not learnt twice, or the next choice would go too.
   */
  learn(error: ProviderError, sent: Parts<Part>): boolean {
    if (error.kind === 'too_long') return this.#shrink(sent);
    const told = error.message.replace(wouldDo, '');
    const refused = error.kind === 'refused_request';
    if (!refused && (this.#answered || !breaksOn(error.status, told))) return false;
    const suspects = refused ? this.#parts : [this.#form];
    const named = suspects
      .map((part) => ({ part, choice: this.#sentChoice(part, sent) }))
      .map(({ part, choice }) => ({ part, at: choice === undefined ? -1 : told.search(choice[1]) }))
      .filter(({ at }) => at >= 0)
      // what is named first is what is wrong, what comes later is what to do
      .sort((a, b) => a.at - b.at)[0];
    if (named !== undefined) return this.#giveWay(named.part, sent, error.message);
    if (!refused || this.#answered || ++this.#unnamed < unnamedRefusals) return false;
    this.#unnamed = 0;
    return sent[this.#form] !== undefined && this.#giveWay(this.#form, sent, error.message);
  }

  #sentChoice(part: Part, sent: Parts<Part>): Choice | undefined {
    return this.#choices[part].find(([value]) => value === sent[part]);
  }

  #giveWay(part: Part, sent: Parts<Part>, reply: string): boolean {
    const at = this.#choices[part].findIndex(([value]) => value === sent[part]);
    if (this.#at.get(part) === at) {
      this.#at.set(part, at + 1);
      log.warn(`the LLM server refuses ${part} ${sent[part]}; going on without`, { reply });
    }
    return true;
  }

  /** The context is too short for the prompt and its limit: room goes first, the names' own limit stays. */
  #shrink({ step }: { step: number }): boolean {
    if (step === 0 || this.#highest === 0) return false;
    if (this.#highest >= step) {
      this.#highest = step - 1;
      log.warn('the LLM server has no context for so much thinking; going on with less room');
    }
    return true;
  }

  /** A reply was used up by thinking; true where the next one can be asked otherwise. */
  thought({ step }: { step: number }): boolean {
    if (this.#step > step) return true;
    if (step >= this.#highest) return false;
    this.#step = step + 1;
    log.warn('the LLM thinks until its limit; it is told not to from now on, and has more room', {
      room: this.room(),
    });
    return true;
  }

  /** An answer came: whatever is refused from now on without a name is not the form. */
  answered(): void {
    this.#answered = true;
  }

  /** What was learnt, as people read it; null: nothing. */
  learnt(): string | null {
    const given = this.#parts
      .filter((part) => (this.#at.get(part) ?? 0) > 0)
      .map((part) => `${part} ${this.#value(part) ?? 'left out'}`);
    const thinking = this.#step > 0 ? [`thinking off where it can be, room for ${this.room()} tokens`] : [];
    return [...given, ...thinking].join(', ') || null;
  }
}
