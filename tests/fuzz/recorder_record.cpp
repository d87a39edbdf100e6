// SPDX-License-Identifier: Apache-2.0
// What lies behind the checksum: any bytes as the payload of each kind of record. Whatever is understood is written as
// the same bytes again (but for what a configuration leaves out), and has words.
#include "fuzz.h"

#include "recorder/flight/codec.h"
#include "recorder/flight/ring_layout.h"
#include "recorder/flight/validate.h"
#include "recorder/flight/words.h"

#include <algorithm>
#include <vector>

using namespace dyad;

namespace {

void same(fuzz::Bytes bytes, const std::vector<std::uint8_t>& again, std::optional<std::size_t> used) {
    fuzz::promise(used && std::equal(bytes.begin(), bytes.end(), again.begin(),
                                     again.begin() + static_cast<std::ptrdiff_t>(*used)),
                  "a record comes back the same");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::vector<std::uint8_t> again(recorder::maxPayloadBytes);
    fuzz::Bytes bytes{data, size};
    const model::Configuration none;
    switch (fuzz::takeByte(bytes) % 4) {
    case 0:
        if (const auto header = recorder::decodeRunHeader(bytes); header)
            static_cast<void>(recorder::validate(header.value().configuration));
        break;
    case 1:
        if (const auto snapshot = recorder::decodeSnapshot(bytes); snapshot) {
            const auto& value = snapshot.value();
            if (recorder::validate(value.header.configuration))
                static_cast<void>(recorder::validate(value.state, value.header.configuration));
            fuzz::promise(recorder::encode(value.state, again).has_value(), "a state is no larger than it was");
        }
        break;
    case 2:
        if (const auto event = recorder::decodeEvent(bytes); event) {
            const auto& value = event.value();
            same(bytes, again, recorder::encodeEvent(value.step, value.at, value.event, again));
            fuzz::promise(!recorder::toWords(value.event, none).empty(), "an event has words");
        }
        break;
    default:
        if (const auto actions = recorder::decodeActions(bytes); actions) {
            const auto& value = actions.value();
            same(bytes, again, recorder::encodeActions(value.step, value.nextDeadline, value.actions, again));
            for (const engine::Action& action : value.actions)
                fuzz::promise(!recorder::toWords(action, none).empty(), "an action has words");
        }
    }
    return 0;
}
