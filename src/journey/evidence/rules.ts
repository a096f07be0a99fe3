// Which chains and rules of a machine's firewall saw one packet, in order, and what they decided: the kernel's own trace of it.

/** The five places in the kernel where a firewall looks at packets (include/uapi/linux/netfilter.h). */
export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

/** One way of a packet through the hooks of a machine, in the machine's own network namespace. It is told of in pieces: see `number`. */
export interface RuleEvidence {
  readonly kind: 'rules';
  readonly machine: string;
  /** Seconds since the epoch, the clock of that machine's hops: the packet went by between these two moments. */
  readonly from: number;
  readonly until: number;
  /** Of one machine: evidence with the same number is the same way, and the later one says more of it. */
  readonly number: string;
  /** IPv4 identification; −1 for IPv6. */
  readonly identification: number;
  /** Bytes, as the trace has it: of IPv4 the total length; of IPv6 what follows the header, and 20 or 40. */
  readonly length: number;
  /** TCP's, "SYN ACK" in the trace's order; "": it is not TCP. */
  readonly flags: string;
  /** False when its first chains were not told of: somebody else's rule had it traced, or words were lost. */
  readonly isWhole: boolean;
  /** As it came into the hooks, and where from. */
  readonly came: Form;
  readonly visits: readonly ChainVisit[];
}

/** A packet as it is at one place in the hooks. */
export interface Form {
  /** Devices; "": none yet, or none any more. */
  readonly in: string;
  readonly out: string;
  readonly source: string;
  readonly destination: string;
  /** −1: none. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Or hop limit. */
  readonly ttl: number;
  /** 0: none. */
  readonly mark: number;
}

/** A packet in a chain that is hung into a hook, and in the chains that this one calls. */
export interface ChainVisit {
  /** 4, 6, or 0: a chain for both, of nft's family "inet". */
  readonly version: number;
  readonly table: string;
  readonly chain: string;
  /** When the first of its steps was done. */
  readonly form: Form;
  readonly steps: readonly RuleStep[];
}

export interface RuleStep {
  readonly chain: string;
  /** 'rule': one that matched; 'return': the end of the chain; 'policy': what decides where no rule did. */
  readonly kind: 'rule' | 'return' | 'policy';
  /** The rule's number in the kernel, as `nft -a list ruleset` has it; 0: no rule. */
  readonly handle: number;
  /** "ACCEPT", "DROP", "CONTINUE" (the next rule), "RETURN", "JUMP DOCKER", "GOTO X"; "": none. */
  readonly verdict: string;
  /** As iptables says it, "-A FORWARD -p icmp -j DROP"; "" where it is no rule of iptables. */
  readonly text: string;
}

const HOOKS: ReadonlySet<string> = new Set<Hook>(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);

/** By the name of a hook's chain: iptables gives it, and nft's users mostly do; null: any other name. */
export function hookOf({ chain }: Pick<ChainVisit, 'chain'>): Hook | null {
  const name = chain.toUpperCase();
  return HOOKS.has(name) ? (name as Hook) : null;
}

/** The step that ended the packet: the last, if it says so. */
export function dropOf({ visits }: Pick<RuleEvidence, 'visits'>): { visit: ChainVisit; step: RuleStep } | null {
  const visit = visits.at(-1);
  const step = visit?.steps.at(-1);
  return visit !== undefined && step?.verdict === 'DROP' ? { visit, step } : null;
}

/** "the rule “-A FORWARD -p icmp -j DROP” (table filter)", "the policy of FORWARD (table filter)" */
export function stepWords({ table }: Pick<ChainVisit, 'table'>, { kind, chain, handle, text }: RuleStep): string {
  if (kind !== 'rule') return `the policy of ${chain} (table ${table})`;
  return text === ''
    ? `rule ${handle} of nft’s chain ${chain} (table ${table})`
    : `the rule “${text}” (table ${table})`;
}
