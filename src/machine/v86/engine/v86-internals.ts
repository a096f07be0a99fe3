// The parts of v86 (0.5.462) that its published types leave out and that we reach into. Kept in one place, so that a new
// version of v86 is checked against one file. Property names survive its minifier.

export interface VirtQueue {
  is_configured(): boolean;
  has_request(): boolean;
  /** The next request of the guest. */
  pop_request?(): VirtRequest;
}

export interface VirtRequest {
  /** Fills `bytes` with what the guest wrote; how many. */
  get_next_blob(bytes: Uint8Array): number;
}

export interface EmulatedConsole {
  readonly virtio: { readonly queues: readonly VirtQueue[] };
  SendEvent(port: number, event: number, value: number): void;
}

export interface EmulatedNic {
  readonly virtio: { readonly queues: readonly VirtQueue[]; notify_config_changes(): void };
  /** VIRTIO_NET_S_LINK_UP or 0 (virtio 1.2, section 5.1.4); in no saved state. */
  status: number;
}

/** What the emulator's WebAssembly module offers. */
export interface EmulatorExports {
  readonly memory: WebAssembly.Memory;
  set_jit_config(index: number, value: number): void;
}

export interface EmulatedCpu {
  readonly devices: { readonly virtio_console: EmulatedConsole; readonly virtio_net: EmulatedNic };
  readonly mem8: Uint8Array;
  readonly protected_mode: Int32Array;
  /** Linear. */
  readonly instruction_pointer: Int32Array;
  is_memory_zeroed(address: number, length: number): number;
  /** The guest asks for a reset, through the keyboard controller or port CF9. */
  reboot_internal(): void;
  zero_memory(address: number, length: number): void;
  /** What was compiled of these addresses is forgotten. */
  jit_dirty_cache(start: number, end: number): void;
  /** What was compiled is forgotten, all of it. */
  jit_clear_cache(): void;
}

export interface EmulatorCore {
  readonly cpu: EmulatedCpu;
  /** Called when the processor gives way: it wants to run again after `milliseconds`. */
  yield(milliseconds: number, tick: number): void;
  yield_callback(tick: number): void;
  unregister_yield(): void;
}

export interface Emulator {
  readonly v86: EmulatorCore;
  readonly bus: { send(event: string, data?: unknown): void };
  add_listener(event: string, listener: (data: never) => void): void;
  run(): Promise<void>;
  stop(): Promise<void>;
  destroy(): Promise<void>;
  is_running(): boolean;
  save_state(): Promise<ArrayBuffer>;
  restore_state(state: ArrayBuffer): Promise<void>;
}
