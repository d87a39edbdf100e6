// SPDX-License-Identifier: Apache-2.0
// Lets std::visit take one lambda per alternative.
#pragma once

namespace dyad {

template <typename... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

} // namespace dyad
