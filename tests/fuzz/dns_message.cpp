// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a DNS server answers.
#include "fuzz.h"

#include "dns/dns_message.h"

#include <algorithm>

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = dns::readDnsMessage({data, size});
    if (!message) {
        fuzz::promise(!message.error().text().empty(), "an error says what is wrong");
        return 0;
    }
    fuzz::promise(size >= 12, "a message has a header");
    // No record is shorter than eleven bytes: nothing is made of nothing.
    fuzz::promise(message.value().answers.size() * 11 <= size, "answers are bounded by the bytes that hold them");
    for (const dns::DnsQuestion& question : message.value().questions) {
        const dns::DnsAddresses found = dns::addressesIn(message.value(), question);
        fuzz::promise(std::is_sorted(found.addresses.begin(), found.addresses.end()), "addresses are in order");
        fuzz::promise(std::adjacent_find(found.addresses.begin(), found.addresses.end()) == found.addresses.end(),
                      "each address comes once");
    }
    return 0;
}
