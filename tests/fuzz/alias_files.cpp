// SPDX-License-Identifier: Apache-2.0
// Any bytes as /etc/hosts, in which our block is kept, and as the file of a TSIG key.
#include "fuzz.h"

#include "network/alias/hosts_file.h"
#include "network/alias/tsig.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::textOf({data, size});
    (void)network::parseTsigKey(text, "key");

    const network::HostsBlock block{"erp/name", {"10.77.0.100\terp.example.com erp"}};
    const auto kept = network::withHostsBlock(text, block);
    if (!kept) return 0; // a damaged block of ours: somebody has to look at it
    fuzz::promise(kept.value().find(block.lines.front()) != std::string::npos, "the block is there");
    const auto again = network::withHostsBlock(kept.value(), block);
    fuzz::promise(again.ok() && again.value() == kept.value(), "and is not written a second time");
    const auto without = network::withoutOtherHostsBlocks(kept.value(), {});
    fuzz::promise(without.ok() && !without.value().starts_with("# dyad alias erp/name begin (kept by dyadd") &&
                      without.value().find("\n# dyad alias erp/name begin (kept by dyadd") == std::string::npos,
                  "and can be removed");
    return 0;
}
