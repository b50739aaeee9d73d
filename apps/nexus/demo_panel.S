/* examples/demo.json as it is: see demo_panel.h. */
    .section .rodata.nexus_demo_panel, "a", @progbits
    .globl nexus_demo_panel
    .globl nexus_demo_panel_end
nexus_demo_panel:
    .incbin "demo.json"
nexus_demo_panel_end:

    .section .note.GNU-stack, "", @progbits
