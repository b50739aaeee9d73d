/* The compiled interpreter inside the program, as C declares it:
 *   extern const unsigned char nexus_guest_cwasm[];
 *   extern const uint64_t nexus_guest_cwasm_size;
 * 64 KiB: the largest page size that an ELF loader has to keep, so any page of it can be mapped. */
    .section .rodata.nexus_guest, "a", @progbits
    .globl nexus_guest_cwasm
    .type nexus_guest_cwasm, @object
    .balign 65536
nexus_guest_cwasm:
    .incbin "guest.cwasm"
nexus_guest_cwasm_end:
    .size nexus_guest_cwasm, nexus_guest_cwasm_end - nexus_guest_cwasm

    .globl nexus_guest_cwasm_size
    .type nexus_guest_cwasm_size, @object
    .balign 8
nexus_guest_cwasm_size:
    .quad nexus_guest_cwasm_end - nexus_guest_cwasm
    .size nexus_guest_cwasm_size, 8

    .section .note.GNU-stack, "", @progbits
