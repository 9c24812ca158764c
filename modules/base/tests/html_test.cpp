#include "flotilla/base/html.hpp"

#include <gtest/gtest.h>

namespace flotilla {
namespace {

TEST(Html, WhatMeansSomethingIsEscapedAndTheRestStays) {
    EXPECT_EQ(
        html_escaped(R"(<a href="x" id='y'>&amp;</a>)"),
        "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;"
    );
    EXPECT_EQ(html_escaped("주문 7/2"), "주문 7/2");
    EXPECT_EQ(html_escaped(""), "");
}

}  // namespace
}  // namespace flotilla
