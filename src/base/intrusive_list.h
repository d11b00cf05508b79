// A doubly linked list whose links live in the elements: no allocation, O(1) unlink from anywhere.
// The list never owns; an element unlinks itself when it is destroyed. One element can be in one
// list per Link member.
#pragma once

#include <cassert>
#include <cstddef>

namespace weir {

class Link {
 public:
  Link() = default;
  ~Link() { unlink(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }
  // Takes the place of `other` in its list, which leaves it. This is in no list.
  void take_place_of(Link& other) {
    assert(!linked() && other.linked());
    prev_ = other.prev_;
    next_ = other.next_;
    prev_->next_ = next_->prev_ = this;
    other.prev_ = other.next_ = nullptr;
  }

 private:
  template <class T, Link T::*>
  friend class IntrusiveList;

  Link* prev_ = nullptr;
  Link* next_ = nullptr;
};

template <class T, Link T::* member>
class IntrusiveList {
 public:
  IntrusiveList() { root_.prev_ = root_.next_ = &root_; }
  ~IntrusiveList() { clear(); }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return root_.next_ == &root_; }
  T& front() { return *owner(root_.next_); }
  T& back() { return *owner(root_.prev_); }
  void push_front(T& item) { insert(item.*member, *root_.next_); }
  void push_back(T& item) { insert(item.*member, root_); }
  T& pop_front() {
    T& item = front();
    (item.*member).unlink();
    return item;
  }
  // Unlinks all; the elements live on.
  void clear() {
    while (!empty()) root_.next_->unlink();
  }

  // Calls f(T&) for each; f may unlink or destroy the element it is given, and no other.
  template <class F>
  void for_each(F&& f) {
    for (Link* at = root_.next_; at != &root_;) {
      Link* next = at->next_;
      f(*owner(at));
      at = next;
    }
  }

 private:
  static void insert(Link& link, Link& before) {
    assert(!link.linked());
    link.prev_ = before.prev_;
    link.next_ = &before;
    before.prev_->next_ = &link;
    before.prev_ = &link;
  }
  static T* owner(Link* link) {
    // The offset of the member, computed on a dummy address (offsetof does not take member
    // pointers).
    constexpr std::size_t kDummy = 4096;
    auto* dummy = reinterpret_cast<T*>(kDummy);
    const auto offset = reinterpret_cast<std::size_t>(&(dummy->*member)) - kDummy;
    return reinterpret_cast<T*>(reinterpret_cast<char*>(link) - offset);
  }

  Link root_;
};

}  // namespace weir
