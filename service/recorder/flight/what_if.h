// SPDX-License-Identifier: Apache-2.0
// Would it have gone otherwise under other time-outs? Takes each incident of a recorded run and lets the engine decide
// again, from the state it had just before.
//
// What is kept of the recording: when each link was last heard and when it was heard again; what the peer, the gateway,
// the operator, the paths and the resources did by themselves. What is made anew: the heart's judgements (from those
// instants and the other time-outs) and the passing of time. What the engine asks is answered as the recording answers
// the same question, after the same delay; reads of the array with what the recording saw last. A question that changes
// something outside and that the recording never asked has no known answer: there the what-if ends and says so. It
// ends, too, when the peer speaks in answer to something that was really done and that this engine has not done. So it
// can tell whether and when the engine would have decided otherwise, not what the world would have made of it.
#pragma once

#include "engine/timeouts.h"
#include "recorder/flight/recording.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::recorder {

inline constexpr std::size_t maxIncidents = 32; // of one run; further ones are only counted

// Builds the other time-outs word by word: "profile=relaxed", "suspect_after_ms=…", "lost_after_ms=…",
// "challenge_window_ms=…". The error names the word and what may stand there.
[[nodiscard]] Result<engine::Timeouts> changedTimeouts(const engine::Timeouts& recorded,
                                                       const std::vector<std::string>& changes);

struct Decision {
    Instant at;
    std::string text; // "challenge on LUN array", "erp: standby → claiming"
};

struct Incident {
    std::uint64_t step = 0; // of its first event
    Instant base;           // last heartbeat before it, or its first event where the links were well
    std::string what;       // that first event in a few words
    std::vector<Decision> recorded;
    std::vector<Decision> replayed;
    std::optional<Instant> heardAgain;     // the peer, in the recording
    std::optional<std::string> unanswered; // the question that the recording never asked
    std::optional<Instant> ended;          // the peer's word from then on answers to what was really done
    Instant endOfRecording;                // of what is known about this incident
    // The first decision of each that the other never made; what differs in its time only is none.
    std::optional<Decision> onlyRecorded;
    std::optional<Decision> onlyReplayed;
    std::string verdict; // one sentence

    [[nodiscard]] bool differs() const { return onlyRecorded || onlyReplayed; }
};

struct WhatIf {
    std::vector<Incident> incidents;
    std::size_t left = 0; // incidents beyond maxIncidents
    std::vector<std::string> remarks;
    std::string trouble; // the recording can't be replayed to its end
};

[[nodiscard]] WhatIf whatIf(const Recording& recording, const Run& run, const engine::Timeouts& timeouts,
                            const std::string& name);

} // namespace dyad::recorder
