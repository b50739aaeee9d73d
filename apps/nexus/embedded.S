/* Files as they are: see embedded.h. */
    .section .rodata.nexus_embedded, "a", @progbits
    .globl nexus_demo_panel
    .globl nexus_demo_panel_end
    .globl nexus_openapi
    .globl nexus_openapi_end
nexus_demo_panel:
    .incbin "examples/demo.json"
nexus_demo_panel_end:
nexus_openapi:
    .incbin "docs/openapi.json"
nexus_openapi_end:

    .section .note.GNU-stack, "", @progbits
