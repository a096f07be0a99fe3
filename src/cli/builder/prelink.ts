// Relocates position-independent programs once, when the image is built, instead of at each of their starts: dockerd has
// 220,000 words in 20 MB of data that the loader adds the program's address to, page by page, and "docker run" starts it
// twice more. A program that was relocated has a fixed place (ET_EXEC) and is otherwise what it was.
//
// ELF: System V ABI (gABI), chapters 4 and 5; i386: Intel386 psABI, "Relocation Types". 32 bits, little endian:
//
//   Ehdr  e_type 16 · e_machine 18 · e_entry 24 · e_phoff 28 · e_shoff 32 · e_phnum 44 · e_shnum 48
//   Phdr  p_type 0 · p_offset 4 · p_vaddr 8 · p_paddr 12 · p_filesz 16 · p_memsz 20           (32 bytes)
//   Shdr  sh_type 4 · sh_addr 12 · sh_offset 16 · sh_size 20                                  (40 bytes)
//   Dyn   d_tag 0 · d_val 4      Rel  r_offset 0 · r_info 4      Sym  st_value 4 · st_info 12 · st_shndx 14   (16 bytes)

/** Where i386 programs that are not position-independent have always been. */
export const fixedAddress = 0x08048000;
// Fewer are done before anyone notices.
const worthwhile = 5000;

const ET_EXEC = 2;
const ET_DYN = 3;
const EM_386 = 3;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_GNU_STACK = 0x6474e551;
const SHT_DYNSYM = 11;
const SHN_UNDEF = 0;
const SHN_ABS = 0xfff1;
const STT_TLS = 6;
const DT = { PLTRELSZ: 2, REL: 17, RELSZ: 18, JMPREL: 23, RELR: 36, RELCOUNT: 0x6ffffffa, FLAGS_1: 0x6ffffffb };
const DF_1_PIE = 0x08000000;
// Entries of the dynamic section that hold addresses: PLTGOT, HASH, STRTAB, SYMTAB, INIT, FINI, REL, JMPREL, INIT_ARRAY,
// FINI_ARRAY, PREINIT_ARRAY, GNU_HASH, VERSYM, VERDEF, VERNEED.
const addressTags = new Set([3, 4, 5, 6, 12, 13, 17, 23, 25, 26, 32, 0x6ffffef5, 0x6ffffff0, 0x6ffffffc, 0x6ffffffe]);
const R_386_JUMP_SLOT = 7;
const R_386_RELATIVE = 8;
const R_386_IRELATIVE = 42;

/**
 * The program at its fixed place; null when it is no position-independent i386 program, or one that would gain little.
 * Throws RangeError when it is cut off.
 */
export function prelink(original: Uint8Array): Uint8Array | null {
  if (original.length < 52 || original[0] !== 0x7f || original[1] !== 0x45 || original[4] !== 1) return null;
  const bytes = original.slice();
  const view = new DataView(bytes.buffer);
  const word = (at: number) => view.getUint32(at, true);
  const put = (at: number, value: number) => view.setUint32(at, value, true);
  const move = (at: number) => put(at, word(at) + fixedAddress);
  if (view.getUint16(16, true) !== ET_DYN || view.getUint16(18, true) !== EM_386) return null;

  /** Where each of `count` things of `size` bytes begins; a damaged count must not fill memory. */
  const offsets = (start: number, count: number, size: number): number[] => {
    if (start + count * size > bytes.length)
      throw new RangeError(`the program is cut off: it has ${bytes.length} bytes`);
    return Array.from({ length: Math.floor(count) }, (_, index) => start + index * size);
  };
  const segments = offsets(word(28), view.getUint16(44, true), 32);
  const dynamic = segments.find((at) => word(at) === PT_DYNAMIC);
  if (dynamic === undefined || !segments.some((at) => word(at) === PT_INTERP)) return null;
  const loaded = segments.filter((at) => word(at) === PT_LOAD);
  /** Offset in the file of an address as it was before the move. */
  const offsetOf = (address: number) => {
    const segment = loaded.find((at) => address >= word(at + 8) && address < word(at + 8) + word(at + 16));
    if (segment === undefined) throw new RangeError(`nothing in the file lies at address 0x${address.toString(16)}`);
    return address - word(segment + 8) + word(segment + 4);
  };

  const entries = offsets(word(dynamic + 4), word(dynamic + 16) / 8, 8);
  const valueFor = (tag: number) => {
    const at = entries.find((entry) => word(entry) === tag);
    return at === undefined ? undefined : word(at + 4);
  };
  const [table, tableBytes = 0] = [valueFor(DT.REL), valueFor(DT.RELSZ)];
  if (table === undefined || valueFor(DT.RELR) !== undefined) return null;
  const relocations = offsets(offsetOf(table), tableBytes / 8, 8);
  const type = (at: number) => word(at + 4) & 0xff;
  if (relocations.filter((at) => type(at) === R_386_RELATIVE).length < worthwhile) return null;

  // What needs no more than the program's address gets it now; what needs a library's symbol stays for the loader.
  const left: [offset: number, info: number][] = [];
  for (const at of relocations) {
    if (type(at) === R_386_RELATIVE || type(at) === R_386_IRELATIVE) move(offsetOf(word(at)));
    if (type(at) !== R_386_RELATIVE) left.push([word(at) + fixedAddress, word(at + 4)]);
  }
  for (const [index, [offset, info]] of left.entries()) {
    const at = relocations[index] ?? 0;
    put(at, offset);
    put(at + 4, info);
  }
  const [slots, slotBytes = 0] = [valueFor(DT.JMPREL), valueFor(DT.PLTRELSZ)];
  for (const at of slots === undefined ? [] : offsets(offsetOf(slots), slotBytes / 8, 8)) {
    // A slot that is not bound yet leads back into the procedure linkage table.
    if (type(at) === R_386_JUMP_SLOT || type(at) === R_386_IRELATIVE) move(offsetOf(word(at)));
    move(at);
  }

  for (const section of word(32) === 0 ? [] : offsets(word(32), view.getUint16(48, true), 40)) {
    if (word(section + 4) === SHT_DYNSYM) {
      for (const at of offsets(word(section + 16), word(section + 20) / 16, 16)) {
        const defined = ![SHN_UNDEF, SHN_ABS].includes(view.getUint16(at + 14, true));
        if (defined && (view.getUint8(at + 12) & 0xf) !== STT_TLS) move(at + 4);
      }
    }
    if (word(section + 12) !== 0) move(section + 12);
  }
  for (const at of entries) {
    const tag = word(at);
    if (addressTags.has(tag)) move(at + 4);
    else if (tag === DT.RELSZ) put(at + 4, left.length * 8);
    else if (tag === DT.RELCOUNT) put(at + 4, 0);
    else if (tag === DT.FLAGS_1) put(at + 4, word(at + 4) & ~DF_1_PIE);
  }
  for (const at of segments.filter((segment) => word(segment) !== PT_GNU_STACK)) {
    move(at + 8);
    move(at + 12);
  }
  move(24);
  view.setUint16(16, ET_EXEC, true);
  return bytes;
}
