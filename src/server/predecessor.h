// The process that started this one to take its place (server/upgrade.h is its side): it reads our
// stderr and waits for our word. Called by the supervisor on its thread.
#pragma once

#include <string>

namespace weir::server {

// Was this process started by another Weir?
bool has_predecessor();

// The keys of its session tickets, as net::TicketKeys::save() wrote them; empty when there is none.
// Once.
std::string ticket_keys_of_predecessor();

// What operators have set there at run time (server/handed_settings.h), as text; empty when there
// is none. Once.
std::string settings_of_predecessor();

// Nothing can fail any more: waits until the predecessor lets us serve, if it is one that answers.
// False: it does not, and goes on itself.
bool ask_predecessor();

// We serve: stderr is the usual one from now on, and the predecessor may drain.
void tell_predecessor();

}  // namespace weir::server
