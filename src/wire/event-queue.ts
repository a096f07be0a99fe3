// What is still to happen, in the order in which it will: by virtual time, and by who came first where times are equal.
import { firstIndex } from '../basics/first-index.ts';

/** An event's place in the queue. Only the queue's owner changes it. */
export interface Slot {
  /** Virtual ms. */
  due: number;
  /** Orders events of the same time; no two events of a queue have the same. */
  order: number;
}

function isBefore(one: Slot, other: Slot): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}

/**
 * A sorted array with a moving head. Nearly every event is put behind all others and taken from the front, both of which are
 * a few instructions; the list in order, which the page shows, is a slice.
 */
export class EventQueue<E extends Slot> {
  #events: E[] = [];
  #head = 0;

  get size(): number {
    return this.#events.length - this.#head;
  }

  get first(): E | undefined {
    return this.#events[this.#head];
  }

  /** All events, the next one first. */
  list(): E[] {
    return this.#events.slice(this.#head);
  }

  add(event: E): void {
    const last = this.#events.at(-1);
    if (this.size === 0 || last === undefined || isBefore(last, event)) this.#events.push(event);
    else this.#events.splice(this.#find(event), 0, event);
  }

  /** Takes the first event out. */
  take(): E | undefined {
    const event = this.#events[this.#head];
    if (event === undefined) return undefined;
    this.#head++;
    // Moving the rest down costs as much as it has events: only when at least as many were taken since.
    if (this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }

  /** Takes an event out, wherever it stands; false if it is not there. Its place must be the one it was added with. */
  remove(event: E): boolean {
    const index = this.indexOf(event);
    if (index < 0) return false;
    if (index === 0) this.take();
    else this.#events.splice(this.#head + index, 1);
    return true;
  }

  /** 0: it is the next one; -1: it is not there. */
  indexOf(event: E): number {
    const index = this.#find(event);
    return this.#events[index] === event ? index - this.#head : -1;
  }

  /** Where the event stands, or would stand. */
  #find(event: E): number {
    const head = this.#head;
    return head + firstIndex(this.#events.length - head, (index) => !isBefore(this.#events[head + index] as E, event));
  }
}
